"""What every match of a search holds."""

import re
import sys
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.query.ast import Gap, Literally, Node, Not, Term, Wildcard
from aggregator.query.needles import (
    ANYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Field,
    Level,
    Needle,
    Needs,
    Value,
    Word,
    choice,
    is_rare,
    needs_of,
)
from aggregator.query.parse import parse
from aggregator.query.words_filter import fold
from aggregator.record.fields import RECORD_FIELDS
from tests.aggregator.query.oracle import Record, matches
from tests.aggregator.query.record_strategies import NOW_NS, records
from tests.aggregator.query.strategies import ATOMS, nodes, texts, wildcards

# Both lower to a letter of ASCII.
KELVIN, DOTTED_I = "\u212a", "\u0130"


def words(*texts: str) -> Needs:
    return AllOf(tuple(map(Word, texts)))


def tokens(text: str) -> set[str]:
    """The words of a text as the store's filters cut them."""
    lowered = text.replace(KELVIN, "k").replace(DOTTED_I, "i").encode().lower()
    return {word.decode() for word in re.findall(rb"[0-9a-z_]+", lowered)}


def held_by(record: Record, needle: Needle) -> bool:
    match needle:
        case Word(text):
            return any(text in tokens(str(record.get(field, ""))) for field in ("message", "exception"))
        case Value(field, text):
            return record.get(field) == text
        case Level(levels):
            return record.get("level") in levels
        case Field(name):
            return name not in RECORD_FIELDS and record.get(name, "null") != "null"


def holds_needs(record: Record, node: Node) -> bool:
    def of_needle(needle: Needle) -> Callable[[Record], bool]:
        return lambda held: held_by(held, needle)

    return choice(needs_of(node), of_needle)(record)


@pytest.mark.parametrize(
    ("search", "needs"),
    [
        ("", ANYTHING),
        ("Unavailable", Word("unavailable")),
        ('"partial write"', words("partial", "write")),
        ('"a a"', Word("a")),
        ("user_id=3", words("user_id", "3")),
        ("größe", words("gr", "e")),
        ("日本", ANYTHING),
        ('"-"', ANYTHING),
        ('""', ANYTHING),
        (f"{KELVIN}elvin", Word("kelvin")),
        ("kitchen*", ANYTHING),
        ("*kitchen_temp*", ANYTHING),
        ("sensor.kitchen*", Word("sensor")),
        ("*x.sensor", Word("sensor")),
        ("*a.b.c*", Word("b")),
        ("h?t", ANYTHING),
        ("*", ANYTHING),
        ("/error/", ANYTHING),
        ("message:Timeout", Word("timeout")),
        ("exception:*", ANYTHING),
        ("a b", words("a", "b")),
        ("a b a", words("a", "b")),
        ("a OR b", AnyOf((Word("a"), Word("b")))),
        ("a OR kitchen*", ANYTHING),
        ("a (b OR kitchen*)", Word("a")),
        ("a -b", Word("a")),
        ("service:Data-API", Value("service", "Data-API")),
        ("trace_id:abc level:error", AllOf((Value("trace_id", "abc"), Level(frozenset({"ERROR"}))))),
        ("service:data*", ANYTHING),
        ("service:>a", ANYTHING),
        ("service!=a", ANYTHING),
        ("service:(a OR b)", AnyOf((Value("service", "a"), Value("service", "b")))),
        ("service.name:a", AnyOf((Value("service", "a"), Field("service.name")))),
        ("service.name:a*", ANYTHING),
        ("msg:Timeout", AnyOf((Word("timeout"), Field("msg")))),
        ("level:>=error", Level(frozenset({"ERROR", "CRITICAL"}))),
        ("level:>critical", NOTHING),
        ("a level:>critical", NOTHING),
        ("a OR level:>critical", Word("a")),
        ("level:/err/", ANYTHING),
        ("severity:error", AnyOf((Level(frozenset({"ERROR"})), Field("severity")))),
        ("timestamp:now", ANYTHING),
        ("status:500", Field("status")),
        ("status:*", Field("status")),
        ("-status:*", ANYTHING),
        ("context.lineno:>3", AnyOf((Field("context"), Field("context.lineno")))),
        ("service.x:1", Field("service.x")),
    ],
)  # fmt: skip
def test_search_needs(search: str, needs: Needs) -> None:
    assert needs_of(parse(search)) == needs


@settings(max_examples=400)
@given(records, nodes())
def test_every_match_holds_what_its_search_needs(record: Record, node: Node) -> None:
    assert holds_needs(record, node) or not matches(record, node, NOW_NS)


word_pieces = st.sampled_from(["", "a", "K", KELVIN, DOTTED_I, "é", "_", "10", "e\u0301"])


@st.composite
def texts_around(draw: st.DrawFn, test: Literally | Wildcard) -> str:
    """A text that the test may well find, with anything around it."""
    pieces = test.pieces if isinstance(test, Wildcard) else (test.text,)
    filled = "".join(draw(word_pieces) if isinstance(piece, Gap) else piece for piece in pieces)
    return draw(texts) + draw(word_pieces) + filled + draw(word_pieces) + draw(texts)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Literally | Wildcard, str]:
    letters = st.lists(st.sampled_from([*ATOMS, KELVIN, DOTTED_I]), max_size=4).map("".join)
    test = draw(letters.map(Literally) | wildcards())
    return test, draw(texts_around(test))


@settings(max_examples=1000)
@given(cases())
@example((Wildcard(("kitchen", Gap.ONE)), "a kitchené"))
@example((Literally(f"{KELVIN}elvin"), "kelvin"))
def test_every_text_with_a_match_has_the_words_of_the_search(case: tuple[Literally | Wildcard, str]) -> None:
    test, text = case
    node = Term(None, test)
    records: list[Record] = [{"message": text}, {"exception": text}]
    assert all(holds_needs(record, node) or not matches(record, node, NOW_NS) for record in records)


@given(nodes())
def test_what_does_not_match_needs_nothing(node: Node) -> None:
    assert isinstance(node, Not) or needs_of(Not(node)) == ANYTHING


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("correlation_id:a", True),
        ("trace_id:a level:error", True),
        ("uid:a OR request_id:b", True),
        ("uid:a OR level:error", False),
        ("NOT uid:a", False),
        ("uid:a*", False),
        ("service:a word", False),
        ("", False),
    ],
)
def test_search_for_an_id_is_rare(search: str, *, expected: bool) -> None:
    assert is_rare(needs_of(parse(search))) is expected


def test_only_two_characters_become_letters_of_ascii() -> None:
    characters = (chr(code) for code in range(128, sys.maxunicode + 1))
    assert {character for character in characters if fold(character).isascii()} == {KELVIN, DOTTED_I}


@pytest.mark.parametrize(
    ("search", "held", "expected"),
    [
        ("a b", {"a", "b"}, True),
        ("a b", {"a"}, False),
        ("a OR b", {"b"}, True),
        ("a OR b", set(), False),
        ("(a OR b) c", {"b", "c"}, True),
        ("(a OR b) c", {"c"}, False),
        ("-a", set(), True),
        ("level:>critical", {"a"}, False),
    ],
)
def test_part_without_the_needles_holds_no_match(search: str, held: set[str], expected: bool) -> None:
    def of_needle(needle: Needle) -> Callable[[set[str]], bool]:
        return lambda words: isinstance(needle, Word) and needle.text in words

    assert choice(needs_of(parse(search)), of_needle)(held) is expected
