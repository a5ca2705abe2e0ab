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
_NEWLINE: Final = ord("\n")


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
    present = np.flatnonzero(np.bincount(shapes)).tolist()
    if len(present) == 1:
        lines = _rewritten(lines, present[0], len(shapes))
    else:
        apart = lines[1:].split(b"\n")
        for shape in present:
            places = np.flatnonzero(shapes == shape).tolist()
            alike = b"".join([b"\n" + apart[place] for place in places])
            rewritten = _rewritten(alike, shape, len(places))[1:].split(b"\n")
            for place, row in zip(places, rewritten, strict=True):
                apart[place] = row
        lines = b"\n".join([b"", *apart])
    if JOINED in lines or INNER in lines:
        lines = with_exceptions(lines)
    return with_inner_json(_without_controls(lines[1:])) + b"\n"


def _rewritten(lines: bytes, shape: int, count: int) -> bytes:
    """Rewrite escaped lines of one shape to JSON objects."""
    left = count
    for text_format in _BY_SHAPE[Shape(shape)]:
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
    data = np.frombuffer(lines, np.uint8)
    for control in np.flatnonzero(np.bincount(data[data < _SPACE], minlength=_SPACE)).tolist():
        if control != _NEWLINE:
            lines = lines.replace(bytes([control]), b"\\u%04x" % control)
    return lines
