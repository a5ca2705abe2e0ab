"""Takes an exception out of the joined lines of a record: its text, its type and what it says."""

import re
from itertools import pairwise
from typing import Final

from aggregator.record.text.join import JOINED

INNER: Final = b"\xfe"
"""Stands for a newline that a line had in it when it came; UTF-8 has no such byte."""

_MESSAGE: Final = b'"message":"'
_END: Final = b'"}'
_ANY_NEWLINE: Final = re.compile(b"[" + JOINED + INNER + b"]")

_PYTHON: Final = re.compile(rb"(?: ++\+ Exception Group )?+Traceback \(most recent call last\):")
_IN_GROUP: Final = re.compile(rb" ++\| ([A-Za-z_][\w.]*+: .*+)")
_FRAME: Final = re.compile(rb"[ \t]++at [^(:]++[(:]")
_PANIC: Final = re.compile(rb"(panic|fatal error): (.*+)")
_GOROUTINE: Final = b"goroutine "
_INDENTED: Final = (b" ", b"\t")
_RAISED: Final = re.compile(
    rb'(?:Exception in thread \\"[^"]*?\\" |Uncaught |Unhandled exception\. )?+'
    rb"((?:[A-Za-z_$][\w$]*+\.)*+[A-Za-z_$][\w$]*+)(?: \[\w++\])?+(?:: ?+(.*+))?+$"
)


def with_exceptions(rows: bytes) -> bytes:
    """Give the rows that have several lines the fields of an exception, where there is one.

    Args:
        rows: JSON objects whose `message` comes last, with other bytes for the newlines in it.
    """
    return b"\n".join(
        [_with_exception(row) if JOINED in row or INNER in row else row for row in rows.split(b"\n")]
    )


def _with_exception(row: bytes) -> bytes:
    before, _, rest = row.rpartition(_MESSAGE)
    lines = _ANY_NEWLINE.split(rest.removesuffix(_END))
    begin, level, kind, said = _exception(lines)
    if begin is None:
        return before + _MESSAGE + rb"\n".join(lines) + _END
    message = rb"\n".join(lines[:begin]) if begin else kind + (b": " + said if said else b"")
    told = b"" if b'"level":"' in before else b'"level":"%b",' % level
    told += b'"exception":"%b",' % rb"\n".join(lines[begin:])
    told += b'"exception_type":"%b",' % kind if kind else b""
    told += b'"exception_message":"%b",' % said if said else b""
    return before + told + _MESSAGE + message + _END


def _exception(lines: list[bytes]) -> tuple[int | None, bytes, bytes, bytes]:
    """Find an exception.

    Returns:
        Where it begins, if it does, the level it has when nothing else says one, its type, what it says.
    """
    for at, line in enumerate(lines):
        if _PYTHON.match(line):
            return (at, b"ERROR", *_raised(_last_raised(lines[at:])))
        if _FRAME.match(line) and at:
            is_named = _RAISED.match(lines[at - 1])
            return (at - 1, b"ERROR", *_raised(lines[at - 1])) if is_named else (at, b"ERROR", b"", b"")
        panic = _PANIC.match(line)
        if panic and any(behind.startswith(_GOROUTINE) for behind in lines[at:]):
            return at, b"CRITICAL", panic[1], panic[2]
    return None, b"", b"", b""


def _last_raised(lines: list[bytes]) -> bytes:
    """The line of a Python traceback that names the exception: the first behind the last frame."""
    named = b""
    for line, behind in pairwise(lines):
        if line.startswith(_INDENTED) and behind and not behind.startswith(_INDENTED):
            named = behind
        elif not named and (group := _IN_GROUP.match(behind)):
            named = group[1]
    return named


def _raised(line: bytes) -> tuple[bytes, bytes]:
    found = _RAISED.match(line)
    return (found[1], found[2] or b"") if found else (b"", b"")
