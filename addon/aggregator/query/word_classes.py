"""What words are made of, as classes of RE2: letters with their marks, digits, and the underscore.

The exact classes have some 700 ranges each, which cost milliseconds to compile. Two short lists of common
characters decide nearly every text instead: those that are surely of words, and those that surely are not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class WordClasses:
    """A pair of classes.

    Args:
        inside: matches a character of a word.
        outside: matches any other character.
    """

    inside: str
    outside: str


def _ranges(pairs: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in pairs)


_OF_WORDS: Final = "0-9A-Za-z_" + _ranges(
    (
        (0xC0, 0xD6),  # Latin
        (0xD8, 0xF6),
        (0xF8, 0x2C1),
        (0x300, 0x36F),  # accents
        (0x3A3, 0x3E1),  # Greek
        (0x400, 0x481),  # Cyrillic
        (0x5D0, 0x5EA),  # Hebrew
        (0x620, 0x669),  # Arabic
        (0x3041, 0x3096),  # Japanese
        (0x30A1, 0x30FA),
        (0x4E00, 0x9FA5),  # Chinese
        (0xAC00, 0xD7A3),  # Korean
    )
)
_OF_NO_WORDS: Final = r"\x00-/:-@\[-^`{-\x7f" + _ranges(
    (
        (0x80, 0xA9),  # degree, quotes and other signs of Latin-1
        (0xAB, 0xB1),
        (0xB6, 0xB8),
        (0xBB, 0xBB),
        (0x2000, 0x205F),  # dashes, quotes, bullets
        (0x20A0, 0x20BF),  # currencies
        (0x2190, 0x23FF),  # arrows, mathematics
        (0x2500, 0x2775),  # boxes, signs
        (0x3000, 0x3004),  # East Asian punctuation
        (0x3008, 0x3020),
        (0x1F300, 0x1F64F),  # emoji
    )
)

EXACT: Final = WordClasses(r"[\p{L}\p{N}\p{M}_]", r"[^\p{L}\p{N}\p{M}_]")
"""Right for every character."""

SURE: Final = WordClasses(f"[{_OF_WORDS}]", f"[{_OF_NO_WORDS}]")
"""Never wrong, but some characters are in neither class: what matches with these matches with the exact."""

POSSIBLE: Final = WordClasses(f"[^{_OF_NO_WORDS}]", f"[^{_OF_WORDS}]")
"""Some characters are in both classes: what doesn't match with these doesn't match with the exact."""
