"""From records to the lines that the aggregator takes; runs in a thread, never in the event loop."""

import gzip
import logging
import socket
import time
import traceback
from typing import TYPE_CHECKING, Any, Final

import orjson

from .core_log_handler import OWN_LOGGERS, Batch
from .redaction import redacted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from .core_log_handler import CoreLogHandler, Taken

SERVICE: Final = "homeassistant"
"""What Core is called in the logs, as in the journal of Home Assistant OS."""

MAX_TEXT_CHARACTERS: Final = 64 * 1024
MAX_SHORT_TEXT_CHARACTERS: Final = 8 * 1024
"""Most of a message and of a traceback, and of other texts: JSON has up to six bytes for a character, and
a line of all of them has to stay below the aggregator's 1 MiB."""

_BATCH_BYTES: Final = 512 * 1024
"""Uncompressed; a request of it is answered at once, even on a slow disk."""

_COMPRESSION_LEVEL: Final = 3


def render(handler: CoreLogHandler, token: str) -> None:
    """Make batches of what the handler has taken.

    Args:
        handler: gets the batches.
        token: the aggregator's, which is hidden in the lines.
    """
    taken, dropped = handler.take()
    host = socket.gethostname()
    lines = [_line(_fields(one, host, handler.run_id, token)) for one in taken]
    if dropped:
        lines.append(_line(_gap(dropped, host, handler.run_id)))
    for batch in _batches(lines):
        handler.add_batch(batch)


def _batches(lines: Iterable[bytes]) -> Iterator[Batch]:
    pending: list[bytes] = []
    size_bytes = 0
    for line in lines:
        if pending and size_bytes + len(line) > _BATCH_BYTES:
            yield _compressed(pending)
            pending, size_bytes = [], 0
        pending.append(line)
        size_bytes += len(line)
    if pending:
        yield _compressed(pending)


def _compressed(lines: list[bytes]) -> Batch:
    return Batch(gzip.compress(b"".join(lines), _COMPRESSION_LEVEL), len(lines))


def _fields(taken: Taken, host: str, run_id: str, token: str) -> dict[str, Any]:
    record = taken.record
    fields = {
        # Floating point has no nanoseconds of a date; what lies below a microsecond is noise.
        "timestamp": round(record.created * 1e6) * 1000,
        "level": record.levelname,
        "service": SERVICE,
        "host": host,
        "logger": record.name,
        "message": _bounded(redacted(taken.message, token)),
        "thread": record.threadName,
        "file": record.pathname,
        "line": record.lineno,
        "function": record.funcName,
        "uid": f"{run_id}-{taken.number}",
    }
    if record.exc_info and record.exc_info[0] is not None:
        kind, error, _ = record.exc_info
        fields["exception"] = _bounded(redacted(_traceback(record), token))
        fields["exception_type"] = _type_name(kind)
        fields["exception_message"] = _bounded(redacted(_text_of(error), token), MAX_SHORT_TEXT_CHARACTERS)
    elif record.exc_text:
        fields["exception"] = _bounded(redacted(record.exc_text, token))
    if record.stack_info:
        fields["stack_info"] = _bounded(record.stack_info, MAX_SHORT_TEXT_CHARACTERS)
    return fields


def _gap(dropped: Counter[str], host: str, run_id: str) -> dict[str, Any]:
    """Say in the log itself that lines are missing from it."""
    reasons = ", ".join(f"{lines} {reason}" for reason, lines in sorted(dropped.items()))
    time_ns = time.time_ns()
    return {
        "timestamp": time_ns,
        "level": logging.getLevelName(logging.WARNING),
        "service": SERVICE,
        "host": host,
        "logger": OWN_LOGGERS,
        "message": f"{dropped.total()} lines of Home Assistant's log are missing before this one ({reasons})",
        "dropped": dropped.total(),
        "dropped_by_reason": dict(dropped),
        "uid": f"{run_id}-gap-{time_ns}",
    }


def _line(fields: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        # Half of a character, such as a file's name that isn't UTF-8 has.
        for name, value in fields.items():
            if isinstance(value, str):
                fields[name] = value.encode(errors="backslashreplace").decode()
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def _traceback(record: logging.LogRecord) -> str:
    assert record.exc_info  # noqa: S101 - looked at by the caller
    try:
        return "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
    except Exception as err:  # noqa: BLE001 - an exception of others may break its own rendering
        return f"{_type_name(record.exc_info[0])} whose traceback can't be made: {type(err).__name__}"


def _text_of(error: BaseException | None) -> str:
    try:
        return str(error)
    except Exception as err:  # noqa: BLE001 - likewise
        return f"its text can't be made: {type(err).__name__}"


def _type_name(kind: type[BaseException] | None) -> str:
    if kind is None:
        return ""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _bounded(text: str, limit_characters: int = MAX_TEXT_CHARACTERS) -> str:
    """Shorten a text in its middle: its start says what it is, and a traceback's cause stands at its end."""
    if len(text) <= limit_characters:
        return text
    half = limit_characters // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
