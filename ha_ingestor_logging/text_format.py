"""Log lines for people in front of a terminal."""

import re
from typing import Any, Final

import orjson

_RESET: Final = "\x1b[0m"
_DIM: Final = "\x1b[2m"
_COLOUR_BY_LEVEL: Final = {
    "TRACE": "\x1b[2m",
    "DEBUG": "\x1b[36m",
    "INFO": "\x1b[32m",
    "WARNING": "\x1b[33m",
    "ERROR": "\x1b[31m",
    "CRITICAL": "\x1b[1;31m",
}
# What has many lines of its own.
_BELOW: Final = ("exception", "stack")
# What has its own place in the line, or tells the person at the terminal nothing.
_NOT_LISTED: Final = frozenset(
    [
        "timestamp",
        "level",
        "service",
        "host",
        "logger",
        "message",
        "uid",
        "trace_id",
        "span_id",
        *_BELOW,
        "exception_type",
        "exception_message",
        "exception_chain",
    ]
)
_INDENT: Final = "\n    "
# Control characters could recolour, overwrite or forge lines, and marks of direction disguise them.
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_NEEDS_QUOTES: Final = re.compile(r"[\s\"=]|^$")


def text_line(line: bytes, *, coloured: bool) -> bytes:
    """A line of JSON as text: time, level, logger, message, fields, and the traceback and the stack below.

    Args:
        line: one record as the library renders it.
        coloured: whether to use a terminal's colours.
    """
    record: dict[str, Any] = orjson.loads(line)
    level = record["level"]
    colour, dim, reset = (_COLOUR_BY_LEVEL.get(level, ""), _DIM, _RESET) if coloured else ("", "", "")
    time = f"{record['timestamp'][:23].replace('T', ' ')}Z"
    text = f"{dim}{time}{reset} {colour}{level:<8}{reset} {dim}{_one_line(record['logger'])}{reset} "
    text += _safe(record["message"]).replace("\n", _INDENT)
    for name, value in record.items():
        if name not in _NOT_LISTED:
            text += f" {dim}{_one_line(name)}={reset}{_shown(value)}"
    for name in _BELOW:
        if name in record:
            text += _INDENT + _safe(record[name]).replace("\n", _INDENT)
    return (text + "\n").encode()


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        return _one_line(orjson.dumps(value).decode())
    return _one_line(orjson.dumps(value).decode() if _NEEDS_QUOTES.search(value) else value)


def _one_line(text: Any) -> str:
    return _safe(text).replace("\n", "\\n").replace("\t", "\\t")


def _safe(text: Any) -> str:
    return _UNSAFE.sub(_escaped, str(text).replace("\r\n", "\n"))


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"  # noqa: PLR2004 - one byte
