"""Words are found in DuckDB as they are cut and folded in Python."""

import re
import sys
from collections.abc import Callable

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.query.ast import Gap, Literally, Term, Wildcard
from aggregator.query.fragment import FALSE
from aggregator.query.spelling import Spelling
from aggregator.query.words_filter import fold, words_filter
from tests.aggregator.query.oracle import matches
from tests.aggregator.query.strategies import ATOMS, wildcards
from tests.aggregator.query.test_word_classes import CHARACTERS

EVERY_CHARACTER = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]


def unknown(_word: str) -> Spelling:
    return Spelling.ANY


def spelled_in(texts: list[str]) -> Callable[[str], Spelling]:
    """How words are written in some texts, by a plain regular expression."""
    joined = "\n".join(texts).replace("\u212a", "K").replace("\u0130", "I")
    written = re.findall("[0-9A-Za-z_]+", joined)

    def spelled(word: str) -> Spelling:
        forms = {form for form in written if form.lower() == word}
        return Spelling.ABSENT if not forms else Spelling.ANY if forms - {word} else Spelling.LOWER_CASE

    return spelled


def found(
    test: Literally | Wildcard, texts: list[str], spelled: Callable[[str], Spelling] = unknown
) -> list[bool]:
    condition = words_filter("text", test, spelled)
    rows = duckdb.execute(
        f"SELECT {condition.sql} FROM (SELECT unnest(?) AS text)",  # noqa: S608 # what is under test
        [*condition.parameters, texts],
    ).fetchall()
    return [passed for (passed,) in rows]


def test_every_character_is_folded_as_the_engine_folds_it() -> None:
    lowered = duckdb.execute("SELECT list_transform(?, lambda c: lower(c))", [CHARACTERS]).fetchall()[0][0]
    assert list(map(fold, CHARACTERS)) == lowered


def test_every_character_that_folds_to_ascii_is_found() -> None:
    folded: dict[str, list[str]] = {}
    for character in EVERY_CHARACTER:
        folded.setdefault(fold(character), []).append(character)
    for letter in "abcdefghijklmnopqrstuvwxyz0_":
        texts = [f"see {character}x" for character in folded[letter]]
        assert all(found(Literally(f"{letter}x"), texts))
        assert found(Literally(f"{letter}x"), ["\u017fx", "\u0131x"]) == [False, False]


# In none of the short lists: letters of Thai, Cherokee and Coptic, a digit and a mark of Thai, a sign.
RARE = ["\u0e01", "\u13a0", "\u2c84", "\u0e51", "\u0e31", "\u2ce5"]
atoms = st.sampled_from([*ATOMS, *RARE, "\u212a", "\u0130", "ж", "…"])
texts = st.lists(atoms, max_size=5).map("".join)


@st.composite
def texts_around(draw: st.DrawFn, test: Literally | Wildcard) -> str:
    pieces = test.pieces if isinstance(test, Wildcard) else (test.text,)
    filled = "".join(draw(texts) if isinstance(piece, Gap) else piece for piece in pieces)
    return draw(texts) + filled + draw(texts)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Literally | Wildcard, list[str]]:
    test = draw(texts.map(Literally) | wildcards())
    return test, draw(st.lists(texts_around(test), min_size=1, max_size=8))


@settings(max_examples=300, deadline=None)
@given(cases())
@example((Literally("a"), [f"{rare}a" for rare in RARE] + [f"a{rare}" for rare in RARE]))
@example((Wildcard(("a", Gap.ONE)), [f"a{rare}" for rare in RARE]))
def test_words_are_found_as_the_oracle_finds_them(case: tuple[Literally | Wildcard, list[str]]) -> None:
    test, searched = case
    expected = [matches({"message": text}, Term(None, test), now_ns=0) for text in searched]
    assert found(test, searched) == expected
    assert found(test, searched, spelled_in(searched)) == expected


def test_words_in_lower_case_are_found_without_folding_the_others() -> None:
    spelled = {"partial": Spelling.LOWER_CASE, "write": Spelling.ANY}.__getitem__
    condition = words_filter("text", Literally("partial write"), spelled)
    assert condition.sql.startswith("CASE WHEN CASE WHEN contains(text, ?) THEN")
    assert condition.parameters[:2] == ("partial", "partial write")


def test_a_text_without_one_of_the_words_is_not_read() -> None:
    spelled = {"partial": Spelling.ANY, "write": Spelling.ABSENT}.__getitem__
    assert words_filter("text", Literally("partial write"), spelled) == FALSE


@pytest.mark.parametrize(
    ("test", "patterns"),
    [
        (Wildcard((Gap.ANY, "->")), 0),
        (Literally(" - "), 0),
        (Wildcard((Gap.ANY, "kitchen_temp", Gap.ANY)), 1),
        (Literally("404"), 2),
        (Literally("größe"), 2),
        (Literally("unavailable"), 3),
    ],
)
def test_patterns_are_few(test: Literally | Wildcard, patterns: int) -> None:
    assert words_filter("text", test, unknown).sql.count("regexp_matches") == patterns


def test_exact_pattern_is_not_compiled_before_a_row_needs_it() -> None:
    """Compiling a broken pattern would fail."""
    condition = words_filter("text", Literally("word"), unknown)
    *others, _ = condition.parameters
    select = f"SELECT {condition.sql} FROM (SELECT unnest(?) AS text)"  # noqa: S608 # what is under test
    decided = ["a word", "words", "", "größe word…"]
    assert duckdb.execute(select, [*others, "(", decided]).fetchall() == [
        (True,),
        (False,),
        (False,),
        (True,),
    ]
    with pytest.raises(duckdb.InvalidInputException):
        duckdb.execute(select, [*others, "(", ["\u0e01word"]]).fetchall()
