"""Words and values as numbers: many at once get the same ones as each by itself."""

import functools
import re
from itertools import pairwise

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.segments.words import (
    Hashes,
    capitals_mark,
    distinct,
    text_hashes,
    value_hash,
    value_hashes,
    word_hash,
)

CHUNK_BYTES = 64 * 1024
KELVIN, DOTTED_I = "\u212a", "\u0130"

texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("aZ09_ \n-é\x00" + KELVIN + DOTTED_I)
)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1)


def words(text: str) -> set[str]:
    """The words of a text, by a plain regular expression."""
    return {word.lower() for word in _as_written(text)}


def in_capitals(text: str) -> set[str]:
    """The words of a text that have capitals somewhere."""
    return {word.lower() for word in _as_written(text) if word != word.lower()}


def _as_written(text: str) -> list[str]:
    return re.findall("[0-9A-Za-z_]+", text.replace(KELVIN, "K").replace(DOTTED_I, "I"))


def hashes(text: str) -> Hashes:
    return text_hashes("message", text)


def numbers(text: str) -> list[int]:
    marks = {capitals_mark("message", word) for word in in_capitals(text)}
    return sorted(marks | {word_hash("message", word) for word in words(text)})


@given(texts)
def test_a_text_has_the_numbers_of_its_words_and_marks_of_capitals(text: str) -> None:
    assert hashes(text).tolist() == numbers(text)


@given(st.text("aZ09_ \né" + KELVIN, max_size=12), st.integers(-14, 2), st.sampled_from("x\n -é"))
def test_a_word_is_one_wherever_a_chunk_ends(text: str, offset: int, filler: str) -> None:
    # Before it a word too long to name, or as much of what parts words.
    before = filler * ((CHUNK_BYTES + offset) // len(filler.encode()) - 1) + " "
    after = " " + "b " * 10
    found = set(hashes(before + text + after).tolist())
    assert set(numbers(text + after)) <= found
    assert len(found) <= len(numbers(before + text + after)) + 1


def test_a_text_of_many_chunks_has_the_numbers_of_its_words() -> None:
    for separator in (" ", "\n", "é", ", \n"):
        text = separator.join(f"word_{number}" for number in range(60_000))
        assert len(text) > 8 * CHUNK_BYTES
        assert hashes(text).tolist() == numbers(text)


def test_no_text_has_no_words() -> None:
    for text in ("", " ", "\n", "é", "\x00", "-" * 3 * CHUNK_BYTES):
        assert not len(hashes(text))


def test_case_makes_no_other_word() -> None:
    of_message = functools.partial(word_hash, "message")
    assert of_message("Kitchen_1") == of_message("kITCHEN_1") != of_message("kitchen1")
    assert set(hashes(KELVIN + DOTTED_I).tolist()) == {of_message("ki"), capitals_mark("message", "ki")}


def test_the_same_word_of_another_field_has_another_number() -> None:
    assert (
        len({*text_hashes("message", "A word").tolist(), *text_hashes("exception", "A word").tolist()}) == 6
    )


def test_letters_beyond_ascii_are_words_when_the_engine_lowers_them_into_it() -> None:
    with duckdb.connect() as connection:
        lowered = dict(
            connection.execute(
                "SELECT chr(code::INT), lower(chr(code::INT)) FROM range(1, 1114112) codes(code) "
                "WHERE code NOT BETWEEN 55296 AND 57343"
            ).fetchall()
        )
    beyond = {character for character, lower in lowered.items() if lower.isascii() > character.isascii()}
    assert beyond == {KELVIN, DOTTED_I}
    for character in beyond:
        assert word_hash("message", lowered[character]) in hashes(character).tolist()
    others = "\n".join(lowered.keys() - beyond)
    assert words(others) == set("0123456789abcdefghijklmnopqrstuvwxyz_")
    assert hashes(others).tolist() == numbers(others)


def test_words_get_different_numbers() -> None:
    many = [f"{prefix}{number}" for prefix in ("", "a", "_", "ab") for number in range(20_000)]
    assert len(hashes(" ".join(many))) == len(many)


@given(st.lists(lines, max_size=20), st.sampled_from(["host", "user", "trace_id"]))
def test_a_field_has_the_numbers_of_its_values(values: list[str], field: str) -> None:
    found = value_hashes(field, "\n".join(values)).tolist()
    assert sorted(found) == sorted(hash_of(field, value) for value in set(values))


def hash_of(field: str, value: str) -> int:
    number = value_hash(field, value)
    assert number is not None
    return number


@given(lines)
def test_the_same_value_of_another_field_has_another_number(value: str) -> None:
    fields = ("host", "user", "service", "trace_id")
    assert len({hash_of(field, value) for field in fields}) == len(fields)


def test_every_character_belongs_to_a_value() -> None:
    values = [f"a{chr(code)}" for code in range(256) if chr(code) != "\n"] + ["\x00", "\x00\x00"]
    found = value_hashes("host", "\n".join(values)).tolist()
    assert len(set(found)) == len(values)
    assert set(found) == {hash_of("host", value) for value in values}


def test_values_are_found_beside_very_long_ones() -> None:
    values = ["before", "x" * (CHUNK_BYTES - 1), "between", "y" * 3 * CHUNK_BYTES, "after"]
    found = value_hashes("host", "\n".join(values)).tolist()
    assert {hash_of("host", value) for value in values if len(value) < CHUNK_BYTES} <= set(found)


@pytest.mark.parametrize("value", ["", "\n", "a\nb", "a" * CHUNK_BYTES, "é" * (CHUNK_BYTES // 2)])
def test_what_can_not_be_one_line_has_no_number(value: str) -> None:
    assert value_hash("host", value) is None


@given(st.lists(st.integers(0, 5)))
def test_distinct_numbers_ascend(values: list[int]) -> None:
    found = distinct(np.array(values, np.uint64)).tolist()
    assert set(found) == set(values)
    assert all(earlier < later for earlier, later in pairwise(found))
