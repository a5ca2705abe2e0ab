"""Joins the lines of one traceback, which arrive as lines of their own.

Only what a traceback of Python, Java, .NET or Node.js or a panic of Go is known to go on with is joined:
other lines stay alone, indented ones too.
"""

import re
from typing import Final

from aggregator import limits
from aggregator.record.text.text_format import COLOURS

JOINED: Final = b"\xff"
"""Stands for the newline between joined lines; UTF-8 has no such byte."""

_FRAME: Final = rb"[ \t]++at [^\n(:]++[(:][^\n]*+"
"""A frame of Java, .NET and Node.js; words behind an `at` are none."""

_GROUP: Final = rb"[ ]++\+ Exception Group "
_TRIGGER: Final = re.compile(rb"\n(?:(?:" + _GROUP + rb")?+Traceback \(most|" + _FRAME + rb"|goroutine \d)")

_INDENTED: Final = rb"(?:\n[ \t][^\n]*+)*+"
_PYTHON: Final = (
    rb"Traceback \(most recent call last\):" + _INDENTED +
    rb"(?:\n[A-Za-z_][\w.]*+(?::[^\n]*+)?+(?:\x1b\[0m)?+(?=\n)" + _INDENTED + rb")?+"
)  # fmt: skip
_CHAINED: Final = (
    rb"\n?+\n(?:During handling of the above exception, another exception occurred|"
    rb"The above exception was the direct cause of the following exception):\n?+\n"
)
_AFTER_FRAME: Final = (
    rb"(?:" + _FRAME + rb"|[ \t]++\.\.\. \d++ [^\n]++|Caused by: [^\n]++|"
    rb"[ \t]++Suppressed: [^\n]++|   --- [^\n]++)"
)  # fmt: skip
_CALL: Final = rb"[^\s(]++(?:\(\*[^\s()]++\)[^\s(]++)?\([^\n]*+"
_PANIC: Final = (
    rb"goroutine \d++ [^\n]*+(?:\n(?:\t[^\n]*+|" + _CALL + rb"|created by [^\n]++|"
    rb"goroutine \d++ [^\n]++|exit status \d++|(?=\n)))*+"
)  # fmt: skip
_BLOCK: Final = re.compile(
    rb"\n(?:" + _PYTHON + rb"(?:" + _CHAINED + _PYTHON + rb")*+"
    rb"|" + _GROUP + rb"Traceback \(most recent call last\):" + _INDENTED +
    rb"|" + _FRAME + rb"(?:\n" + _AFTER_FRAME + rb")*+(?:(?<=\{)" + _INDENTED + rb"(?:\n\})?+)?+"
    rb"|" + _PANIC + rb")"
)  # fmt: skip
"""What can't be the beginning of a record, with the newline before it."""

_LOGGED: Final = re.compile(
    COLOURS + rb"(?:\[?\d{2,4}[-/]\d\d[-/]\d\d[ T]|\d\d:\d\d:\d\d\.\d{3} \[|"
    rb"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)[:\x1b]|Exception in thread |Exception ignored in)"
)
"""How a line begins that a program logs an exception with."""

_RAISED: Final = re.compile(
    rb'(?:Exception in thread "[^"\n]*+" |Uncaught |Unhandled exception\. )?+'
    rb"(?:[A-Za-z_$][\w$]*+\.)*+[A-Za-z_$][\w$]*+(?: \[\w++\])?+(?::|\n|$)"
)
_IS_FRAME: Final = re.compile(_FRAME)
_TROUBLE: Final = re.compile(
    rb"(?!\{)[^\n]{0,200}?(?:ERR|WARN|CRIT|FATAL|SEVERE|[Ee]rror|[Ww]arn|[Ee]xception|Traceback)"
)
"""How a line begins that a traceback may follow."""

_PANICKED: Final = re.compile(rb"(?:panic|fatal error): ")
_BETWEEN: Final = re.compile(rb"\n|During handling of the above|The above exception was|\t|\[signal ")
_BEFORE_GOROUTINE: Final = re.compile(rb"\t|\[signal |\n")


def may_join(text: bytes) -> bool:
    """Tell whether any lines may have to be joined."""
    return _TRIGGER.search(b"\n" + text) is not None


def join(text: bytes) -> bytes:
    """Join the lines of each traceback, and these with the line that logged it.

    Args:
        text: UTF-8, each line ended by a newline, all of the same origin.

    Returns:
        The same with another byte for the newlines inside a record. A traceback that passes a limit stays as
        it came.
    """
    lines = b"\n" + text
    if not _TRIGGER.search(lines):
        return text
    pieces: list[bytes] = []
    done = 0
    for block in _BLOCK.finditer(lines):
        begin = _begin(lines, block.start(), done)
        record = lines[begin + 1 : block.end()]
        pieces.append(lines[done : begin + 1])
        is_too_much = len(record) > limits.JOINED_BYTES or record.count(b"\n") >= limits.JOINED_LINES
        pieces.append(record if is_too_much else record.replace(b"\n", JOINED))
        done = block.end()
    return b"".join([*pieces, lines[done:]])[1:]


def _begin(lines: bytes, block: int, done: int) -> int:
    """Find the newline before the record that a block belongs to.

    Args:
        lines: text with a newline before each line.
        block: where the block begins.
        done: where the record before it ends.
    """
    if lines.startswith(b"goroutine", block + 1):
        return _panic(lines, block, done)
    raised = block
    if _IS_FRAME.match(lines, block + 1):
        # Frames follow what was raised, or a line of a log which says that.
        raised = lines.rfind(b"\n", done, block)
        if raised < 0 or lines.startswith(b"{", raised + 1):
            return block
        if _LOGGED.match(lines, raised + 1) or not _RAISED.match(lines, raised + 1):
            return raised
    before = lines.rfind(b"\n", done, raised)
    return before if before >= 0 and _LOGGED.match(lines, before + 1) else raised


def _panic(lines: bytes, block: int, done: int) -> int:
    """Find the newline before a panic, which stands some lines before its goroutine."""
    line = block
    for _ in range(limits.PANIC_LINES):
        line = lines.rfind(b"\n", done, line)
        if line < 0:
            break
        if _PANICKED.match(lines, line + 1):
            return line
        if not _BEFORE_GOROUTINE.match(lines, line + 1):
            break
    return block


def may_go_on(text: bytes) -> int:
    """Find where the last record begins if lines to come may belong to it, else the end.

    Args:
        text: joined lines.
    """
    lines = b"\n" + text
    end = len(lines) - 1
    begin = lines.rfind(b"\n", 0, end)
    before = lines.rfind(b"\n", 0, begin) if begin > 0 else -1
    is_raised = _RAISED.match(lines, begin + 1) and not _LOGGED.match(lines, begin + 1)
    if before >= 0 and is_raised and _LOGGED.match(lines, before + 1):
        return before
    if _TROUBLE.match(lines, begin + 1) and not _BETWEEN.match(lines, begin + 1):
        return begin
    # Some lines may stand between the beginning of a record and what shows how it goes on.
    for _ in range(limits.PANIC_LINES):
        if JOINED in lines[begin:end] or _PANICKED.match(lines, begin + 1):
            return begin
        if begin <= 0 or not _BETWEEN.match(lines, begin + 1):
            break
        begin, end = lines.rfind(b"\n", 0, begin), begin
    return len(text)
