"""What can stand at the caret; `^` marks it in the searches."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.query.ast import Node
from aggregator.query.complete import Completion, FieldName, FieldValue, completion_at
from aggregator.query.errors import QuerySyntaxError
from aggregator.query.parse import MAX_CHARACTERS, MAX_NESTING
from tests.aggregator.query.query_text import bare, query_text, quoted
from tests.aggregator.query.strategies import nodes
from tests.aggregator.query.test_parse import SOUP


def at(marked: str) -> tuple[str, Completion]:
    """The text that would be replaced, and the completion."""
    position = marked.index("^")
    text = marked.replace("^", "")
    completion = completion_at(text, position)
    assert 0 <= completion.start <= position <= completion.end <= len(text)
    return text[completion.start : completion.end], completion


@pytest.mark.parametrize(
    ("marked", "replaced", "prefix", "needs_colon"),
    [
        ("^", "", "", True),
        ("lev^", "lev", "lev", True),
        ("lev^el", "level", "lev", True),
        ("lev^el:error", "level", "lev", False),
        ("lev^el!=error", "level", "lev", False),
        ("level^:error", "level", "level", False),
        ("a lev^", "lev", "lev", True),
        ("a ^", "", "", True),
        ("a ^ b", "", "", True),
        ("^level:error", "", "", True),
        ("level:error ser^", "ser", "ser", True),
        ("level:error OR (ser^ x", "ser", "ser", True),
        ("-ser^", "ser", "ser", True),
        ("!ser^", "ser", "ser", True),
        ("NOT ser^", "ser", "ser", True),
        ("context.li^", "context.li", "context.li", True),
        ('"my fi^', '"my fi', "my fi", True),
        ('"my fi^eld":1', '"my field"', "my fi", False),
        (r'"a\"^', r'"a\"', 'a"', True),
        (r"a\ b^", r"a\ b", "a b", True),
        ("service:a ser^ x:(", "ser", "ser", True),
        ("x:(a OR b) ser^", "ser", "ser", True),
    ],
)
def test_field_can_stand_where_a_term_begins(
    marked: str, replaced: str, prefix: str, needs_colon: bool
) -> None:
    text, completion = at(marked)
    assert (text, completion.prefix, completion.wanted) == (replaced, prefix, FieldName(needs_colon))


@pytest.mark.parametrize(
    ("marked", "replaced", "prefix", "field", "may_compare"),
    [
        ("level:^", "", "", "level", True),
        ("level:err^", "err", "err", "level", True),
        ("level:e^rr x", "err", "e", "level", True),
        ("level:^err", "err", "", "level", True),
        ("a level!=err^", "err", "err", "level", True),
        ("-level:err^", "err", "err", "level", True),
        ("level:>=wa^", "wa", "wa", "level", False),
        ("level:> wa^", "wa", "wa", "level", False),
        ("level:[inf^", "inf", "inf", "level", False),
        ("level:[info TO err^", "err", "err", "level", False),
        ("level:[info TO err^]", "err", "err", "level", False),
        ("service:(a OR b^", "b", "b", "service", True),
        ("service:(a OR b^)", "b", "b", "service", True),
        ("service:(a -b^", "b", "b", "service", True),
        ("service:((a b) ^", "", "", "service", True),
        ("user:(a b) (x:1 OR service:(a OR b^", "b", "b", "service", True),
        ('user:"An^', '"An', "An", "user", True),
        ('user:"An^na B" x', '"Anna B"', "An", "user", True),
        (r'user:"a\\^', r'"a\\', "a\\", "user", True),
        ('"my field":v^', "v", "v", "my field", True),
        (r'"my \"field":v^', "v", "v", 'my "field', True),
        ("entity_id:sensor.k^", "sensor.k", "sensor.k", "entity_id", True),
        ("service.name:d^", "d", "d", "service.name", True),
        ("timestamp:>now-^", "now-", "now-", "timestamp", False),
    ],
)
def test_value_can_stand_behind_its_field(
    marked: str, replaced: str, prefix: str, field: str, may_compare: bool
) -> None:
    text, completion = at(marked)
    assert (text, completion.prefix, completion.wanted) == (replaced, prefix, FieldValue(field, may_compare))


@pytest.mark.parametrize(
    "marked",
    [
        'a "b"^', "(a)^", "x:[1 TO 2]^", "x:[1 ^", "a | ^", "a) ^", "x:sensor.*^", "kitch*^", "message:par^",
        "msg:par^", "x:>(^", "x:/a/ |b^",
    ],
)  # fmt: skip
def test_nothing_known_can_stand_elsewhere(marked: str) -> None:
    assert at(marked)[1].wanted is None


@pytest.mark.parametrize(
    ("marked", "replaced", "keywords"),
    [
        ("^", "", ("NOT", "(")),
        ("a ^", "", ("AND", "OR", "NOT", "(")),
        ("(a ^", "", ("AND", "OR", "NOT", "(", ")")),
        ("a O^", "O", ("OR",)),
        ("a OR^ b", "OR", ("OR",)),
        ("a OR ^", "", ("NOT", "(")),
        ("a o^", "o", ()),
        ("N^", "N", ("NOT",)),
        ('"N^', '"N', ()),
        ("x:^", "", (">", ">=", "<", "<=", "[", "{", "(")),
        ("x:>^", "", ()),
        ("x:(a ^", "", ("AND", "OR", "NOT", ">", ">=", "<", "<=", "[", "{", "(", ")")),
        ("x:[1 ^", "", ("TO",)),
        ("x:[1 T^", "T", ("TO",)),
        ("x:[1 TO 2 ^", "", ("]", "}")),
        ("x:[1 x^", "x", ()),
        ("x:v^", "v", ()),
        ("a) ^", "", ()),
    ],
)
def test_keywords_are_those_that_the_grammar_takes(
    marked: str, replaced: str, keywords: tuple[str, ...]
) -> None:
    text, completion = at(marked)
    assert (text, sorted(completion.keywords)) == (replaced, sorted(keywords))


def test_search_beyond_the_limits_is_refused() -> None:
    with pytest.raises(QuerySyntaxError, match="at most"):
        completion_at("a" * (MAX_CHARACTERS + 1), 0)
    with pytest.raises(QuerySyntaxError, match="brackets"):
        completion_at("(" * (MAX_NESTING + 1), MAX_NESTING + 1)


@given(st.text() | SOUP | nodes().map(query_text), st.data())
def test_any_place_of_any_text_is_answered(text: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(text)))
    with contextlib.suppress(QuerySyntaxError):
        completion = completion_at(text, position)
        assert 0 <= completion.start <= position <= completion.end <= len(text)


@given(nodes(), st.sampled_from([quoted, bare]))
def test_behind_a_search_and_a_space_a_field_can_stand(node: Node, literal: Callable[[str], str]) -> None:
    text = query_text(node, literal) + " "
    completion = completion_at(text, len(text))
    assert (completion.wanted, completion.start, completion.end) == (
        FieldName(needs_colon=True),
        len(text),
        len(text),
    )
