"""From a queued entry to one line of JSON, in the background thread."""

import os
import time
from collections.abc import Mapping
from contextvars import Context, ContextVar
from itertools import count
from typing import Any, Final, NamedTuple

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
from ha_ingestor_logging.typed_fields import OWN_FIELDS, TYPED_FIELDS, fitted

# Set in the library's own threads. What is logged there, by the HTTP client or by a field's
# __repr__, must not come back in: it would never end.
OWN_THREAD: Final[ContextVar[bool]] = ContextVar("ha_ingestor_logging_own_thread", default=False)

_NS_PER_S: Final = 1_000_000_000

_NOT_AS_GIVEN: Final = OWN_FIELDS | TYPED_FIELDS

# Values whose rendering is a matter of microseconds, and can't raise or log.
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_PLAIN_CHARACTERS_MAX: Final = 4096

_DEFAULT_REDACTOR: Final = Redactor()

# The timestamp, the ``uid`` and what stands between need less than the rest.
_PARTS_MAX_BYTES: Final = LINE_MAX_BYTES - 200
# Programs make a few context variables; one that makes them at run time must not be held by all of them.
_VARIABLES_MAX: Final = 256


class Renderer:
    """Renders the entries of one process, in any of its threads.

    Args:
        service: the program's name.
        host: the machine's or container's name.
        redactor: hides secrets; ``None`` leaves them in clear.
    """

    def __init__(self, service: str, host: str, redactor: Redactor | None = _DEFAULT_REDACTOR) -> None:
        self._service = service
        self._host = host
        self._redactor = redactor
        self._head = _Head(None, 0, "", {}, b"", frozenset())
        self._second = (-1, b"")
        self._variables_of_others: set[ContextVar[Any]] = set()
        self.after_fork()

    def after_fork(self) -> None:
        """Begin a new series of ``uid``: no two processes may share one."""
        self._uid_prefix = os.urandom(8).hex().encode()
        self._uid_count = count()

    def render(self, entry: Entry) -> bytes | None:
        """One JSON object in UTF-8 with a newline, or ``None`` for what the library's own threads logged."""
        at_ns, level, logger, context, bound, event, args, fields = entry
        if context.get(OWN_THREAD):
            return None
        record: dict[Any, Any] = {"message": format_message(event, args)}
        if not self._variables_of_others.issuperset(context):
            _add(record, self._structlog_context(context))
        if bound:
            _add(record, bound)
        exc_info = fields.pop("exc_info", None)
        _add(record, fields)
        if exc_info is not None:
            _add(record, exception_fields(exc_info))
        shown = self._redacted(record)
        correlation = context.run(current_correlation) if open_telemetry.is_loaded() else context.get(CURRENT)
        head = self._head
        if correlation is not head.correlation or level != head.level or logger != head.logger:
            head = self._head = self._new_head(correlation, level, logger)
        uid = b"%b-%x" % (self._uid_prefix, next(self._uid_count))
        return self._from_parts(at_ns, head, shown, uid) or self._whole(at_ns, head, shown, uid)

    def render_plain(self, entry: Entry) -> bytes | None:
        """Likewise in a caller's thread; ``None`` also for what calls foreign code or takes long."""
        _, _, _, context, bound, event, args, fields = entry
        others = self._variables_of_others
        of_context = {} if others.issuperset(context) else self._structlog_context(context)
        values = (event, *args, *bound.values(), *fields.values(), *of_context.values())
        if not _PLAIN.issuperset(map(type, values)):
            return None
        texts = (value for value in values if type(value) is str)
        return self.render(entry) if sum(map(len, texts)) <= _PLAIN_CHARACTERS_MAX else None

    def _from_parts(self, at_ns: int, head: "_Head", record: Mapping[Any, Any], uid: bytes) -> bytes | None:
        """A line that is put together as bytes, since most of it is the same from line to line."""
        if not head.names.isdisjoint(record):
            return None
        try:
            rest = orjson.dumps(record, json_default, JSON_OPTIONS)
        except (TypeError, ValueError, RecursionError):
            return None
        if len(head.json) + len(rest) > _PARTS_MAX_BYTES:
            return None
        second = self._second_text(at_ns)
        return b'{"timestamp":"%b.%09dZ",%b,%b,"uid":"%b"}\n' % (
            second,
            at_ns % _NS_PER_S,
            head.json,
            rest[1:-1],
            uid,
        )

    def _whole(self, at_ns: int, head: "_Head", record: Mapping[Any, Any], uid: bytes) -> bytes:
        """Any line: with names of the library's own, values that orjson refuses, or too large."""
        timestamp = f"{self._second_text(at_ns).decode()}.{at_ns % _NS_PER_S:09d}Z"
        line = {"timestamp": timestamp, **head.fields, **record, "uid": uid.decode()}
        data = _dump(line)
        if len(data) > LINE_MAX_BYTES:
            data = _dump(cut_values(line))
        # Joined also because it copies: what orjson returns occupies all of its first, larger buffer.
        return data + b"\n"

    def _new_head(self, correlation: Correlation | None, level: int, logger: str) -> "_Head":
        ids: dict[Any, Any] = {}
        if correlation is not None:
            _add(ids, correlation.fields())
        fields = {
            "level": LEVEL_NAMES[level],
            "service": self._service,
            "host": self._host,
            **self._redacted(ids),
            **self._redacted({"logger": logger}),
        }
        return _Head(
            correlation, level, logger, fields, _dump(fields)[1:-1], frozenset(fields) | {"timestamp", "uid"}
        )

    def _redacted(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return record if self._redactor is None else self._redactor.record(record)

    def _second_text(self, at_ns: int) -> bytes:
        second = at_ns // _NS_PER_S
        last, text = self._second
        if second != last:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
            self._second = second, text
        return text

    def _structlog_context(self, context: Context) -> Mapping[str, Any]:
        """What ``structlog.contextvars.bind_contextvars`` bound where the call was made."""
        bound: dict[str, Any] = {}
        for variable, value in context.items():
            if not variable.name.startswith(STRUCTLOG_KEY_PREFIX):
                if len(self._variables_of_others) >= _VARIABLES_MAX:
                    self._variables_of_others.clear()
                self._variables_of_others.add(variable)
            # structlog marks an unbound variable with an ellipsis.
            elif value is not ...:
                bound[variable.name.removeprefix(STRUCTLOG_KEY_PREFIX)] = value
        return bound


class _Head(NamedTuple):
    """What a line has in common with others of its logger, level and correlation.

    Args:
        correlation: the IDs.
        level: the level.
        logger: the logger's name.
        fields: the fields that stand behind the timestamp.
        json: the same as JSON, without braces.
        names: the names of all fields that the library writes itself; a line that has one of its own
            by such a name can't be put together from parts.
    """

    correlation: Correlation | None
    level: int
    logger: str
    fields: Mapping[str, Any]
    json: bytes
    names: frozenset[str]


def _add(record: dict[Any, Any], fields: Mapping[str, Any]) -> None:
    if _NOT_AS_GIVEN.isdisjoint(fields):
        record.update(fields)
        return
    for name, value in fields.items():
        if name in OWN_FIELDS:
            record[f"{name}_"] = value
        elif name in TYPED_FIELDS:
            if (field := fitted(name, value)) is not None:
                record[field[0]] = field[1]
        else:
            record[name] = value


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
