"""How the words of running text are known to be written, without reading it."""

from collections.abc import Callable
from enum import IntEnum


class Spelling(IntEnum):
    """How a word stands in some text; what several texts have together is the greatest of theirs."""

    ABSENT = 0
    """It does not occur."""
    LOWER_CASE = 1
    """It has no capitals wherever it occurs, if it does."""
    ANY = 2
    """Nothing is known."""


type Spelled = Callable[[str, str], Spelling]
"""Tells of a field and a word (ASCII letters in lower case, digits and `_`) how that is written there."""


def unknown(_field: str, _word: str) -> Spelling:
    """Know nothing."""
    return Spelling.ANY
