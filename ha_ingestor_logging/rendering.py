"""From a queued entry to one line of JSON, in the background thread."""

import os
import time
from collections.abc import Iterable, Mapping
from contextvars import Context, ContextVar
from itertools import count
from typing import Any, Final

import orjson
from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from ha_ingestor_logging import open_telemetry
from ha_ingestor_logging.correlation import CURRENT, Correlation, current_correlation
from ha_ingestor_logging.entry import Entry
from ha_ingestor_logging.exception_fields import exception_fields
from ha_ingestor_logging.levels import LEVEL_NAMES
from ha_ingestor_logging.message import format_message, safe_repr
from ha_ingestor_logging.oversize import LINE_MAX_BYTES, cut_values
from ha_ingestor_logging.plain_json import JSON_OPTIONS, clean_text, json_default, to_json
from ha_ingestor_logging.redaction import Redactor

# Set in the library's own threads. What is logged there, by the HTTP client or by a field's
# __repr__, must not come back in: it would never end.
OWN_THREAD: Final[ContextVar[bool]] = ContextVar("ha_ingestor_logging_own_thread", default=False)

_NS_PER_S: Final = 1_000_000_000

# The library's own fields; a caller's field of the same name is kept with an underscore behind it.
_RESERVED: Final = frozenset({"timestamp", "observed", "level", "message", "source", "uid", "exc_info"})

_DEFAULT_REDACTOR: Final = Redactor()


class Renderer:
    """Renders the entries of one process.

    Args:
        service: the program's name.
        host: the machine's or container's name.
        redactor: hides secrets; ``None`` leaves them in clear.
    """

    def __init__(self, service: str, host: str, redactor: Redactor | None = _DEFAULT_REDACTOR) -> None:
        self._service = service
        self._host = host
        self._redactor = redactor
        # The one of the last line: most lines of a request come together.
        self._correlation: Correlation | None = None
        self._correlation_fields: Mapping[str, Any] = {}
        self._second = -1
        self._second_text = ""
        self.after_fork()

    def after_fork(self) -> None:
        """Begin a new series of ``uid``: no two processes may share one."""
        self._uid_prefix = os.urandom(8).hex()
        self._uid_count = count()

    def render(self, entry: Entry) -> bytes | None:
        """One JSON object in UTF-8 with a newline, or ``None`` for what the library's own threads logged."""
        at_ns, level, logger, context, bound, event, args, fields = entry
        if context.get(OWN_THREAD):
            return None
        line: dict[str, Any] = {
            "timestamp": self._timestamp(at_ns),
            "level": LEVEL_NAMES[level],
            "service": self._service,
            "host": self._host,
        }
        correlation = context.run(current_correlation) if open_telemetry.is_loaded() else context.get(CURRENT)
        if correlation is not None:
            if correlation is not self._correlation:
                self._correlation_fields = self._redacted(correlation.fields())
                self._correlation = correlation
            line.update(self._correlation_fields)
        record: dict[str, Any] = {"logger": logger, "message": format_message(event, args)}
        exc_info = fields.pop("exc_info", None)
        _add(record, _structlog_context(context))
        _add(record, bound.items())
        _add(record, fields.items())
        if exc_info is not None:
            record.update(exception_fields(exc_info))
        line.update(self._redacted(record))
        line["uid"] = f"{self._uid_prefix}-{next(self._uid_count):x}"
        data = _dump(line)
        if len(data) > LINE_MAX_BYTES:
            data = _dump(cut_values(line))
        # Joined also because it copies: what orjson returns occupies all of its first, larger buffer.
        return data + b"\n"

    def _redacted(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return record if self._redactor is None else self._redactor.record(record)

    def _timestamp(self, at_ns: int) -> str:
        second, nanosecond = divmod(at_ns, _NS_PER_S)
        if second != self._second:
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._second_text}.{nanosecond:09d}Z"


def _structlog_context(context: Context) -> Iterable[tuple[str, Any]]:
    """What ``structlog.contextvars.bind_contextvars`` bound where the call was made."""
    for variable, value in context.items():
        # structlog marks an unbound variable with an ellipsis.
        if variable.name.startswith(STRUCTLOG_KEY_PREFIX) and value is not ...:
            yield variable.name.removeprefix(STRUCTLOG_KEY_PREFIX), value


def _add(record: dict[str, Any], fields: Iterable[tuple[str, Any]]) -> None:
    for name, value in fields:
        record[f"{name}_" if name in _RESERVED else name] = value


def _dump(record: dict[Any, Any]) -> bytes:
    try:
        return orjson.dumps(record, json_default, JSON_OPTIONS)
    except (TypeError, ValueError, RecursionError):
        # One bad value must not change how the others are shown.
        plain = {
            clean_text(name if isinstance(name, str) else safe_repr(name)): orjson.Fragment(to_json(value))
            for name, value in record.items()
        }
        return orjson.dumps(plain)
