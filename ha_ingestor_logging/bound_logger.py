"""The structlog logger whose calls cost the caller only what a queue costs."""

from typing import Any, Self

from structlog import BoundLoggerBase, DropEvent

from ha_ingestor_logging.entry import Emitter
from ha_ingestor_logging.levels import (
    CRITICAL,
    DEBUG,
    ERROR,
    INFO,
    LEVEL_NAMES,
    TRACE,
    WARNING,
    canonical_level,
)
from ha_ingestor_logging.message import format_message


class BoundLogger(BoundLoggerBase):
    """A structlog logger: ``bind``, ``unbind``, ``new`` and a method for each level.

    Each method takes the event, arguments for its % placeholders if it has any, and fields by
    keyword. ``exc_info`` adds an exception. None of them waits or raises.
    """

    _logger: Emitter

    def trace(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at TRACE."""
        if self._logger.threshold <= TRACE:
            self._log(TRACE, event, args, fields)

    def debug(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at DEBUG."""
        if self._logger.threshold <= DEBUG:
            self._log(DEBUG, event, args, fields)

    def info(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at INFO."""
        if self._logger.threshold <= INFO:
            self._log(INFO, event, args, fields)

    def warning(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at WARNING."""
        if self._logger.threshold <= WARNING:
            self._log(WARNING, event, args, fields)

    def error(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at ERROR."""
        if self._logger.threshold <= ERROR:
            self._log(ERROR, event, args, fields)

    def exception(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at ERROR with the exception that is being handled."""
        if self._logger.threshold <= ERROR:
            fields.setdefault("exc_info", True)
            self._log(ERROR, event, args, fields)

    def critical(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at CRITICAL."""
        if self._logger.threshold <= CRITICAL:
            self._log(CRITICAL, event, args, fields)

    def log(self, level: int, event: object, /, *args: object, **fields: Any) -> None:
        """Log at a level given as a number on Python's scale."""
        level = canonical_level(level)
        if self._logger.threshold <= level:
            self._log(level, event, args, fields)

    # structlog's other names for the same. Nothing here waits, so the asynchronous ones need no
    # thread, and the caller's context variables are seen.
    msg = info
    warn = warning
    fatal = critical

    async def adebug(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at DEBUG."""
        self.debug(event, *args, **fields)

    async def ainfo(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at INFO."""
        self.info(event, *args, **fields)

    async def awarning(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at WARNING."""
        self.warning(event, *args, **fields)

    async def aerror(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at ERROR."""
        self.error(event, *args, **fields)

    async def aexception(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at ERROR with the exception that is being handled."""
        self.exception(event, *args, **fields)

    async def acritical(self, event: object, /, *args: object, **fields: Any) -> None:
        """Log at CRITICAL."""
        self.critical(event, *args, **fields)

    async def alog(self, level: int, event: object, /, *args: object, **fields: Any) -> None:
        """Log at a level given as a number on Python's scale."""
        self.log(level, event, *args, **fields)

    def is_enabled_for(self, level: int) -> bool:
        """Whether a call at this level, a number on Python's scale, would be logged."""
        return self._logger.threshold <= canonical_level(level)

    def get_effective_level(self) -> int:
        """The lowest level that is logged, on Python's scale."""
        return self._logger.threshold

    def new(self, **new_values: Any) -> Self:
        """A logger with these fields only."""
        # structlog's own clears the shared dictionary, which queued entries still refer to.
        return self.__class__(self._logger, self._processors, self._context.__class__(new_values))

    def _log(self, level: int, event: object, args: tuple[object, ...], fields: dict[str, Any]) -> None:
        if self._processors:
            self._process(level, event, args, fields)
        else:
            self._logger.emit(level, self._context, event, args, fields)

    def _process(self, level: int, event: object, args: tuple[object, ...], fields: dict[str, Any]) -> None:
        # Processors run in the caller's thread on the whole dictionary, as they expect it.
        method_name = LEVEL_NAMES[level].lower()
        try:
            positional, processed = self._process_event(method_name, format_message(event, args), fields)
        except DropEvent:
            return
        event_dict = dict(processed)
        text = positional[0] if positional else event_dict.pop("event", "")
        self._logger.emit(level, {}, text, (), event_dict)
