"""Lines of text that are structured already: JSON objects, and logfmt's `key=value`.

logfmt is what Go's slog, logrus, Grafana's and Influx's programs write: https://pkg.go.dev/github.com/kr/logfmt
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec
import orjson

from aggregator.record.text.exceptions import INNER

_ABSENT: Final = msgspec.Raw(b"")


class _Object(
    msgspec.Struct,
    gc=False,
    rename={"private_msg": "_msg", "journal_message": "MESSAGE", "docker_log": "log"},
):
    """A JSON object, and under which names it has a message; the rest is checked and skipped."""

    message: msgspec.Raw = _ABSENT
    msg: msgspec.Raw = _ABSENT
    event: msgspec.Raw = _ABSENT
    body: msgspec.Raw = _ABSENT
    short_message: msgspec.Raw = _ABSENT
    private_msg: msgspec.Raw = _ABSENT
    journal_message: msgspec.Raw = _ABSENT
    docker_log: msgspec.Raw = _ABSENT

    def has_message(self) -> bool:
        return bool(
            self.message
            or self.msg
            or self.event
            or self.body
            or self.short_message
            or self.private_msg
            or self.journal_message
            or self.docker_log
        )


_DECODER: Final = msgspec.json.Decoder(_Object)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_KEY: Final = rb"[A-Za-z_@][\w.@/-]*+"
CANDIDATE: Final = re.compile(rb"\n(?:\{[^\n]*+(?<=\})\n|" + _KEY + rb"=)")
"""What a line that may be structured begins with, and the newline before it."""

_LOGFMT: Final = re.compile(_KEY + rb"=")
_VALUE: Final = re.compile(
    rb'=(?:"([^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+)"|([^\s"\\]*+))'
    rb"(?:[ \t]++(" + _KEY + rb"(?==))|[ \t]*+(?=\n))"
)  # fmt: skip
"""A value and the key that follows it: what begins with a certain character is found quickly."""

_NO_VALUE: Final = (re.compile(rb"\n" + _KEY + b"="), re.compile(rb'","' + _KEY + b"="))
"""A key whose value is none, among those that were written as JSON."""

_NUMBER: Final = re.compile(rb'":"(-?(?:0|[1-9]\d{0,14}+)(?:\.\d{1,9}+)?+)",')
_KEYS: Final = re.compile(rb"(?:^|[ \t])(?:level|lvl|severity|msg|message)=")
"""Keys of which a line has one: others are pairs in a line of text."""


def structured(lines: Sequence[bytes]) -> list[bytes | None]:
    """Make JSON objects of the lines that are structured.

    Args:
        lines: UTF-8, without newlines but for those `INNER` stands for.

    Returns:
        For each line its JSON object, or None. A JSON object stays as it was written, and a line that has no
        message is its own.
    """
    rows: list[bytes | None] = [None] * len(lines)
    objects = [at for at, line in enumerate(lines) if line.startswith(b"{") and line.endswith(b"}")]
    # JSON may be written on several lines; within its strings there is neither a newline nor a tab.
    _take(rows, objects, lines, [lines[at].replace(INNER, b"\t") for at in objects])
    pairs = [
        at
        for at, line in enumerate(lines)
        if _LOGFMT.match(line) and (b"msg=" in line or b"level=" in line or _KEYS.search(line))
    ]
    if pairs:
        _take(rows, pairs, lines, _logfmt([lines[at] for at in pairs]))
    return rows


def _take(
    rows: list[bytes | None], places: Sequence[int], lines: Sequence[bytes], written: Sequence[bytes]
) -> None:
    """Put what is JSON to its place."""
    for at, row, found in zip(places, written, _read(written), strict=True):
        if found is not None:
            rows[at] = row if found.has_message() else _with_message(row, lines[at])


def _read(rows: Sequence[bytes]) -> Sequence[_Object | None]:
    """Read JSON objects; None where one is none."""
    try:
        found = _DECODER.decode_lines(b"\n".join(rows))
    except _UNREADABLE:
        return [_read_one(row) for row in rows]
    # Each row begins and ends as an object does, so that none spans two of them.
    return found if len(found) == len(rows) else [_read_one(row) for row in rows]


def _read_one(row: bytes) -> _Object | None:
    try:
        return _DECODER.decode(row)
    except _UNREADABLE:
        return None


def _with_message(row: bytes, line: bytes) -> bytes:
    rest = row[1:].lstrip()
    message = b'{"message":' + orjson.dumps(line.replace(INNER, b"\n").decode())
    return message + rest if rest == b"}" else message + b"," + rest


def _logfmt(lines: Sequence[bytes]) -> list[bytes]:
    """Write lines of pairs as JSON; of a line that has other text in it, no JSON comes out."""
    text = b"\n" + b"\n".join(lines) + b"\n"
    # The escapes of Go's quoted strings are JSON's; those that aren't make the line unreadable, and so text.
    pairs = _VALUE.sub(rb'":"\1\2","\3', text)
    has_other_text = any(no_value.search(pairs) for no_value in _NO_VALUE)
    rows = _NUMBER.sub(rb'":\1,', pairs)[1:-1].split(b"\n")
    return [
        b'{"' + row[:-2] + b"}"
        if row.endswith(b',"')
        and not (has_other_text and any(no_value.search(b"\n" + row) for no_value in _NO_VALUE))
        else b"{"
        for row in rows
    ]
