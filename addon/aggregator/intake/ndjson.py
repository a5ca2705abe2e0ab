"""Decoder of NDJSON bodies: one JSON object a line, checked natively as a whole."""

from itertools import groupby
from typing import Any, NamedTuple

import msgspec
import numpy as np

from aggregator import limits
from aggregator.intake import item_count, surrogates
from aggregator.intake.decoded import Decoded, LineError
from aggregator.record.text.join import join
from aggregator.record.text.lines import as_text
from aggregator.record.text.understand import understand
from aggregator.record.utf8 import is_utf8


class AnyObject(msgspec.Struct, gc=False):
    """Any JSON object; its fields are checked and skipped."""


_DECODER = msgspec.json.Decoder(AnyObject)
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises where there is no JSON."""

KEPT = f"kept as text, up to {limits.LINE_BYTES} bytes"
"""What becomes of a line that can't be taken as what it should be."""

_NEWLINE = ord("\n")
_OPENING = ord("{")
_CLOSING = ord("}")


def decode(body: bytes) -> Decoded:
    """Decode a body; a line that isn't a JSON object is understood as text.

    Raises:
        TooLargeError: it has too many lines.
    """
    item_count.check(body, b"\n")
    lines = body if body.endswith(b"\n") else body + b"\n"
    if b"\r" in lines:
        # No JSON string has a line's end in it, so that what is replaced is always between lines.
        lines = lines.replace(b"\r\n", b"\n")
    rows = whole_rows(lines)
    return _decode_each(lines) if rows is None else Decoded(lines, rows, [])


def whole_rows(lines: bytes, decoder: msgspec.json.Decoder[Any] = _DECODER) -> int | None:
    """Count lines if every one is a JSON object, without looking at any of them in Python.

    Args:
        lines: each ended by a newline.
        decoder: of one line; checks what else the objects should be.
    """
    # As many objects as lines are not enough: one line may hold two of them and another none.
    data = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(data == _NEWLINE)
    begins = np.concatenate(([0], ends[:-1] + 1))
    if (
        not (data[begins] == _OPENING).all()
        or not (data[ends - 1] == _CLOSING).all()
        or (len(lines) > limits.LINE_BYTES and (ends - begins).max() > limits.LINE_BYTES)
        or not is_utf8(lines)
    ):
        return None
    try:
        objects = len(decoder.decode_lines(lines))
    except UNREADABLE:
        return None
    return len(ends) if objects == len(ends) else None


class _Checked(NamedTuple):
    """A line, and whether it can be taken as a JSON object.

    Args:
        number: its number in the body, from 1.
        line: the line, or what of it is kept.
        wrong: what is told of it; None when it is as it should be.
        is_object: whether what is kept is a JSON object.
    """

    number: int
    line: bytes
    wrong: str | None
    is_object: bool


def _decode_each(lines: bytes) -> Decoded:
    kept: list[bytes] = []
    errors: list[LineError] = []
    checked = (_checked(number, line) for number, line in enumerate(lines.split(b"\n"), 1) if line.strip())
    for are_objects, run in groupby(checked, lambda one: one.is_object):
        found: list[bytes] = []
        for one in run:
            if one.wrong is not None:
                errors.append(LineError(one.number, one.wrong))
            found.append(one.line)
        kept += found if are_objects else understand(join(as_text(found))).split(b"\n")[:-1]
    return Decoded(b"".join(line + b"\n" for line in kept), len(kept), errors)


def _checked(number: int, line: bytes) -> _Checked:
    wrong = problem(line)
    if wrong is None:
        return _Checked(number, line, None, is_object=True)
    if len(line) <= limits.LINE_BYTES:
        whole = surrogates.replaced(line)
        if whole != line and problem(whole) is None:
            return _Checked(number, whole, surrogates.REPLACED, is_object=True)
    return _Checked(number, line[: limits.LINE_BYTES], f"{wrong}; {KEPT}", is_object=False)


def problem(line: bytes) -> str | None:
    """Say why a line can't be taken as the JSON object that it should be; None if it can."""
    if len(line) > limits.LINE_BYTES:
        return f"longer than {limits.LINE_BYTES} bytes"
    try:
        line.decode()
        _DECODER.decode(line)
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}"
    except UNREADABLE as error:
        return f"not a JSON object ({error})"
    return None
