"""The standard library's ``logging``, brought into the same stream."""

import logging
from collections.abc import Callable
from typing import Any, Final

from ha_ingestor_logging.entry import Emitter
from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.levels import canonical_level
from ha_ingestor_logging.message import format_message

# What every LogRecord has; anything else came by ``extra=``.
_OWN_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# Values that can't change between the call and its rendering.
_IMMUTABLE: Final = frozenset({str, int, float, bool, bytes, type(None)})


class StandardLibraryHandler(logging.Handler):
    """Queues what other packages log, without formatting it in their thread.

    Args:
        emitter: finds the emitter for a logger's name.
    """

    def __init__(self, emitter: Callable[[str], Emitter]) -> None:
        super().__init__()
        self._emitter = emitter

    def handle(self, record: logging.LogRecord) -> bool:
        """Queue a record; takes no lock, since the queue needs none."""
        # Since Python 3.12 a filter may return another record in place of the one it got.
        passed: object = self.filter(record)
        if passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record with its ``extra`` fields and exception."""
        level = canonical_level(record.levelno)
        emitter = self._emitter(record.name)
        if emitter.threshold > level:
            return
        fields: dict[str, Any] = {
            name: value for name, value in vars(record).items() if name not in _OWN_ATTRIBUTES
        }
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        if record.stack_info:
            fields["stack_info"] = record.stack_info
        event: object = record.msg
        args = _arguments(record)
        if args and not all(type(value) in _IMMUTABLE for value in args):
            # Foreign code may change or close what it logs right after the call.
            event, args = format_message(event, args), ()
        emitter.emit(level, {}, event, args, fields)


def _arguments(record: logging.LogRecord) -> tuple[object, ...]:
    # logging unpacks a single mapping argument, which fills named placeholders.
    return record.args if isinstance(record.args, tuple) else (record.args,) if record.args else ()


class StandardLibraryBridge:
    """Puts the handler on the root logger and takes it off again.

    ``logging.basicConfig(force=True)`` and ``dictConfig`` of other packages remove all handlers that
    are there. The handler comes back with the next record that anybody makes, before it is handled.

    Args:
        emitter: finds the emitter for a logger's name.
    """

    def __init__(self, emitter: Callable[[str], Emitter]) -> None:
        self._handler = StandardLibraryHandler(emitter)
        self._rules = LevelRules()
        self._levels_before: dict[str, int] = {}
        self._factory_before: Callable[..., logging.LogRecord] = logging.LogRecord

    def install(self, rules: LevelRules) -> None:
        """Let everything that the rules take reach the handler."""
        self._rules = rules
        if logging.getLogRecordFactory() != self._make_record:
            self._factory_before = logging.getLogRecordFactory()
            logging.setLogRecordFactory(self._make_record)
        wanted = {"": rules.default, **rules.by_logger}
        for name in self._levels_before.keys() - wanted.keys():
            # Another thread may have done so just now.
            logging.getLogger(name).setLevel(self._levels_before.pop(name, logging.NOTSET))
        for name, level in wanted.items():
            logger = logging.getLogger(name)
            self._levels_before.setdefault(name, logger.level)
            logger.setLevel(level)
        logging.getLogger().addHandler(self._handler)

    def remove(self) -> None:
        """Leave the loggers as they were."""
        if logging.getLogRecordFactory() == self._make_record:
            logging.setLogRecordFactory(self._factory_before)
        logging.getLogger().removeHandler(self._handler)
        for name, level in list(self._levels_before.items()):
            logging.getLogger(name).setLevel(level)
        self._levels_before.clear()

    def _make_record(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        if self._levels_before and self._handler not in logging.root.handlers:
            self.install(self._rules)
        return self._factory_before(*args, **kwargs)

    @property
    def is_installed(self) -> bool:
        """Whether the handler has been put on the root logger."""
        return bool(self._levels_before)
