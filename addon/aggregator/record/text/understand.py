"""From lines of text to JSON objects, the whole batch at once.

What the first format that knows a line finds in it becomes fields; a line that none knows is a message and
nothing else, since a level that is guessed is worse than none.
"""

import re
from typing import Final

import numpy as np

from aggregator.record.text.exceptions import INNER, with_exceptions
from aggregator.record.text.home_formats import HOME_FORMATS, HOME_FORMATS_WITHOUT_LEVEL
from aggregator.record.text.inner_json import with_inner_json
from aggregator.record.text.join import JOINED
from aggregator.record.text.language_formats import LANGUAGE_FORMATS, LANGUAGE_FORMATS_WITHOUT_LEVEL
from aggregator.record.text.plain_formats import LEVEL_FORMATS, TIME_FORMATS
from aggregator.record.text.python_formats import PYTHON_FORMATS
from aggregator.record.text.server_formats import SERVER_FORMATS
from aggregator.record.text.shapes import Shape, shapes_of
from aggregator.record.text.structured import CANDIDATE, structured

FORMATS: Final = (
    *HOME_FORMATS,
    *PYTHON_FORMATS,
    *LANGUAGE_FORMATS,
    *LEVEL_FORMATS,
    *SERVER_FORMATS,
    *HOME_FORMATS_WITHOUT_LEVEL,
    *LANGUAGE_FORMATS_WITHOUT_LEVEL,
    *TIME_FORMATS,
)
"""The formats, of which the first that matches a line counts."""

_BY_SHAPE: Final = {
    shape: FORMATS
    if shape is Shape.COLOURS
    else tuple(text_format for text_format in FORMATS if shape in text_format.shapes)
    for shape in Shape
}
_UNCLEAR: Final = re.compile(rb'\n(?!\{")(.*+)')
_SPACE: Final = 0x20
_CONTROL: Final = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_LITTLE: Final = 16 * 1024
"""Bytes up to which it is quicker to look for characters one after the other."""


def understand(text: bytes) -> bytes:
    """Understand lines of text.

    Args:
        text: UTF-8, each line ended by a newline. In a record of several lines `JOINED` and `INNER` stand for
            the newlines between them.

    Returns:
        A JSON object for each record, each ended by a newline. Its fields have the names of the record, with
        the time as it was written: `time` where it says its zone, else `local_time`.
    """
    if not CANDIDATE.search(b"\n" + text):
        return _understood(text)
    lines = text.split(b"\n")[:-1]
    rows = structured(lines)
    others = [line for line, row in zip(lines, rows, strict=True) if row is None]
    understood = iter(_understood(b"\n".join([*others, b""])).split(b"\n"))
    return b"\n".join([*(next(understood) if row is None else row for row in rows), b""])


def _understood(text: bytes) -> bytes:
    """Understand lines of which none is structured."""
    if not text:
        return b""
    lines = b"\n" + text[:-1].replace(b"\\", rb"\\").replace(b'"', rb"\"")
    shapes = shapes_of(lines)
    if len(set(shapes)) == 1:
        lines = _rewritten(lines, shapes[0], len(shapes))
    else:
        apart = lines[1:].split(b"\n")
        places_by_shape: dict[Shape, list[int]] = {}
        for place, shape in enumerate(shapes):
            places_by_shape.setdefault(shape, []).append(place)
        for shape, places in places_by_shape.items():
            alike = b"".join([b"\n" + apart[place] for place in places])
            rewritten = _rewritten(alike, shape, len(places))[1:].split(b"\n")
            for place, row in zip(places, rewritten, strict=True):
                apart[place] = row
        lines = b"\n".join([b"", *apart])
    if JOINED in lines or INNER in lines:
        lines = with_exceptions(lines)
    return with_inner_json(_without_controls(lines[1:])) + b"\n"


def _rewritten(lines: bytes, shape: Shape, count: int) -> bytes:
    """Rewrite escaped lines of one shape to JSON objects."""
    left = count
    for text_format in _BY_SHAPE[shape]:
        if text_format.needs in lines:
            lines, known = text_format.rewrite(lines)
            left -= known
            if not left:
                break
    # The colour of a line begins before what became fields.
    lines = lines.replace(b'\x1b[0m"}', b'"}')
    return _UNCLEAR.sub(rb'\n{"message":"\1"}', lines) if left else lines


def _without_controls(lines: bytes) -> bytes:
    """Escape the control characters that JSON has no strings with."""
    if len(lines) <= _LITTLE:
        controls = {*_CONTROL.findall(lines)}
    else:
        data = np.frombuffer(lines, np.uint8)
        present = np.flatnonzero(np.bincount(data[data < _SPACE], minlength=_SPACE))
        controls = {bytes([control]) for control in present.tolist()} - {b"\n"}
    for control in controls:
        lines = lines.replace(control, b"\\u%04x" % ord(control))
    return lines
