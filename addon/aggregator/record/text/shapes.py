"""What lines look like at their beginning, found for all of a batch at once, so that few formats are tried.

A shape only leaves out formats that can't match.
"""

import re
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt


class Shape(IntEnum):
    """How a line begins, behind its colours."""

    OTHER = 0
    DATE = 1
    SLASHED_DATE = 2
    SHORT_DATE = 3
    CLOCK = 4
    NUMBER = 5
    BRACKET = 6
    DATE_IN_BRACKETS = 7
    CLOCK_IN_BRACKETS = 8
    CAPITAL = 9
    LETTER = 10
    COLOURS = 11
    """More changes of colour than are looked through: the line may have any shape."""


_SHAPES: Final = tuple(Shape)
_FIRST: Final = 6
"""Characters that a shape is told from."""

_COLOUR: Final = 12
"""Longest change of colour that is looked through, as `ESC[38;5;123m`."""

_COLOURS: Final = 4
_ESCAPE: Final = 0x1B
_NEWLINE: Final = ord("\n")


_FEW: Final = 100
"""Lines up to which it is quicker to look at one after the other."""

_ONE_BY_ONE: Final = re.compile(
    rb"\n(?:\x1b\[[0-9;]{0,9}m){0,4}+(?:([0-9].{3}-)|([0-9].{3}/)|([0-9].-)|([0-9].:)|([0-9])|"
    rb"(\[[0-9].{3}-)|(\[[0-9].:)|(\[)|([A-Z])|([a-z])|(\x1b)|())"
)
_CHOICES: Final = (
    Shape.DATE,
    Shape.SLASHED_DATE,
    Shape.SHORT_DATE,
    Shape.CLOCK,
    Shape.NUMBER,
    Shape.DATE_IN_BRACKETS,
    Shape.CLOCK_IN_BRACKETS,
    Shape.BRACKET,
    Shape.CAPITAL,
    Shape.LETTER,
    Shape.COLOURS,
)
"""The order in which shapes are told: the first that fits counts."""

_OF_GROUP: Final = (Shape.OTHER, *_CHOICES, Shape.OTHER)
"""Shapes of the groups of the pattern above."""


def shapes_of(lines: bytes) -> list[Shape]:
    """Find the shape of each line.

    Args:
        lines: each with a newline before it.
    """
    if lines.count(b"\n") <= _FEW:
        return [_OF_GROUP[found.lastindex or 0] for found in _ONE_BY_ONE.finditer(lines)]
    return [_SHAPES[shape] for shape in _all_at_once(lines).tolist()]


def _all_at_once(lines: bytes) -> npt.NDArray[np.uint8]:
    """Find the shape of each line; one that is shorter than any format may have that of what begins alike."""
    data = np.frombuffer(lines + bytes(_FIRST + (_COLOUR + 1) * _COLOURS), np.uint8)
    begins = np.flatnonzero(data[: len(lines)] == _NEWLINE) + 1
    for _ in range(_COLOURS):
        coloured = np.flatnonzero(data[begins] == _ESCAPE)
        if not len(coloured):
            break
        ends = data[begins[coloured, None] + np.arange(_COLOUR + 1)] == ord("m")
        begins[coloured] += np.where(ends.any(1), ends.argmax(1) + 1, 0)
    first, second, third, fourth, fifth, sixth = (data[begins + at] for at in range(_FIRST))
    is_digit = (first >= ord("0")) & (first <= ord("9"))
    is_bracket = first == ord("[")
    is_digit_in_bracket = is_bracket & (second >= ord("0")) & (second <= ord("9"))
    return np.select(
        [
            is_digit & (fifth == ord("-")),
            is_digit & (fifth == ord("/")),
            is_digit & (third == ord("-")),
            is_digit & (third == ord(":")),
            is_digit,
            is_digit_in_bracket & (sixth == ord("-")),
            is_digit_in_bracket & (fourth == ord(":")),
            is_bracket,
            (first >= ord("A")) & (first <= ord("Z")),
            (first >= ord("a")) & (first <= ord("z")),
            first == _ESCAPE,
        ],
        _CHOICES,
        Shape.OTHER,
    ).astype(np.uint8)
