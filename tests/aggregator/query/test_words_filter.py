"""Words are cut and folded in Python and in DuckDB alike."""

import sys
import unicodedata

import duckdb
import pytest

from aggregator.query.ast import Gap, Literally, Wildcard
from aggregator.query.regex import WORD_CHARACTER, is_word_character
from aggregator.query.words_filter import words_filter

# Characters of this old version of Unicode are the same everywhere; the youngest differ between libraries.
CHARACTERS = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.ucd_3_2_0.category(chr(code)) not in {"Cn", "Co", "Cs"}
]


def test_every_character_is_folded_as_the_engine_folds_it() -> None:
    lowered = duckdb.execute("SELECT list_transform(?, lambda c: lower(c))", [CHARACTERS]).fetchall()[0][0]
    folded = [words_filter("text", Literally(character)).parameters[0] for character in CHARACTERS]
    assert folded == lowered


def test_every_character_is_of_a_word_here_and_there() -> None:
    select = "SELECT list_transform(?, lambda c: regexp_full_match(c, ?))"
    in_words = duckdb.execute(select, [CHARACTERS, WORD_CHARACTER]).fetchall()[0][0]
    assert in_words == [is_word_character(character) for character in CHARACTERS]


@pytest.mark.parametrize(
    "test", [Wildcard((Gap.ANY, "kitchen_temp", Gap.ANY)), Wildcard((Gap.ANY, "->")), Literally(" - ")]
)
def test_text_without_word_edges_needs_no_regular_expression(test: Literally | Wildcard) -> None:
    assert "regexp" not in words_filter("text", test).sql
