"""Characters of words: in Python, in the engine, and by the short lists."""

import sys
import unicodedata

import duckdb
import pytest

from aggregator.query.regex import is_word_character
from aggregator.query.word_classes import EXACT, POSSIBLE, SURE

# Characters of this old version of Unicode are the same everywhere; the youngest differ between libraries.
CHARACTERS = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.ucd_3_2_0.category(chr(code)) not in {"Cn", "Co", "Cs"}
]


def in_class(characters: list[str], pattern: str) -> list[bool]:
    select = "SELECT list_transform(?, lambda c: regexp_full_match(c, ?))"
    (matched,) = duckdb.execute(select, [characters, pattern]).fetchone() or ([],)
    return list(matched)


def test_every_character_is_of_a_word_here_and_there() -> None:
    of_words = [is_word_character(character) for character in CHARACTERS]
    assert in_class(CHARACTERS, EXACT.inside) == of_words
    assert in_class(CHARACTERS, EXACT.outside) == [not of_word for of_word in of_words]


@pytest.mark.parametrize("side", ["inside", "outside"])
def test_sure_classes_lie_in_the_exact_ones_and_these_in_the_possible(side: str) -> None:
    everything = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    sure, exact, possible = (
        in_class(everything, getattr(classes, side)) for classes in (SURE, EXACT, POSSIBLE)
    )
    assert all(has <= had for has, had in zip(sure, exact, strict=True))
    assert all(has <= had for has, had in zip(exact, possible, strict=True))


def test_common_characters_are_decided_at_once() -> None:
    common = list("aZ0_ .-:/äÖßéñłжЖ日本か한“”„\u2013—…•→°€«»│😀")
    for character, inside, outside in zip(
        common, in_class(common, SURE.inside), in_class(common, SURE.outside), strict=True
    ):
        assert inside != outside, character
