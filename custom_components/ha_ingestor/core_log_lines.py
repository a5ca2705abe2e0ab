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

_TURN_S: Final = 0.001
_REST_S: Final = 0.000_1
"""How long lines are made without a rest, and that rest: the event loop, which needs the interpreter too,
would otherwise wait for 5 ms each time."""

_COMPRESSION_LEVEL: Final = 3


def render(handler: CoreLogHandler, token: str) -> None:
    """Make batches of what the handler has taken.

    Args:
        handler: gets the batches.
        token: the aggregator's, which is hidden in the lines.
    """
    taken, dropped = handler.take()
    host = socket.gethostname()
    lines: list[bytes] = []
    turn_began = time.perf_counter()
    for one in taken:
        lines.append(_line(_fields(one, host, handler.run_id, token)))
        if time.perf_counter() - turn_began > _TURN_S:
            time.sleep(_REST_S)
            turn_began = time.perf_counter()
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
        "message": _safe(taken.message, token),
        "thread": record.threadName,
        "file": record.pathname,
        "line": record.lineno,
        "function": record.funcName,
        "uid": f"{run_id}-{taken.number}",
    }
    # A record that was made by hand may have anything there.
    if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
        kind, error, _ = record.exc_info
        fields["exception"] = _safe(_traceback(record), token)
        fields["exception_type"] = _type_name(kind)
        fields["exception_message"] = _safe(_text_of(error), token, MAX_SHORT_TEXT_CHARACTERS)
    elif record.exc_text:
        fields["exception"] = _safe(record.exc_text, token)
    if record.stack_info:
        fields["stack_info"] = _safe(record.stack_info, token, MAX_SHORT_TEXT_CHARACTERS)
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
        return orjson.dumps(fields, default=repr, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        # Half of a character, such as a file's name that isn't UTF-8 has.
        for name, value in fields.items():
            if isinstance(value, str):
                fields[name] = value.encode(errors="backslashreplace").decode()
        return orjson.dumps(fields, default=repr, option=orjson.OPT_APPEND_NEWLINE)


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


def _safe(text: str, token: str, limit_characters: int = MAX_TEXT_CHARACTERS) -> str:
    # Line by line: a regular expression holds up the event loop as long as it looks at one text.
    return "".join(
        redacted(line, token) for line in _bounded(text, limit_characters).splitlines(keepends=True)
    )


def _bounded(text: str, limit_characters: int) -> str:
    """Shorten a text in its middle: its start says what it is, and a traceback's cause stands at its end.

    It is cut at spaces, where there are any, since half of a secret can't be told for one.
    """
    if len(text) <= limit_characters:
        return text
    half = limit_characters // 2
    head, tail = text[:half], text[-half:]
    head = head[: head.rfind(" ") + 1] or head
    tail = tail[tail.find(" ") + 1 :]
    return f"{head}\n… {len(text) - len(head) - len(tail)} characters left out …\n{tail}"
