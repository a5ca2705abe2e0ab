"""What is inserted into a search means exactly the name and the value it was made from."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.query.ast import And, Comparison, Literally, Or, Range, Term
from aggregator.query.parse import parse
from aggregator.query.quote import quoted_field, quoted_value
from aggregator.record.fields import TIME_FIELDS
from tests.aggregator.query.strategies import texts

names_and_values = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | texts
    | st.text(st.sampled_from('aZ0_.@/-:+*?!"\\()[]{}<>|= \nTOANDR'), max_size=8)
    | st.sampled_from(["AND", "OR", "NOT", "TO", "", "//", "/a/", "https://x", "a:b", "@", "-1", "1e5"])
)


@settings(max_examples=500)
@given(names_and_values.filter(lambda name: name not in {"level", *TIME_FIELDS}), names_and_values)
@example("AND", "NOT")
@example("a:", "/a/")
@example("", "A:")
@example("_", "1:")
def test_quoted_text_parses_back(name: str, value: str) -> None:
    field, written = quoted_field(name), quoted_value(value)
    same = Term("x", Literally(value))
    assert parse(f"{field}:{written}") == Term(name, Literally(value))
    assert parse(f"x:({written} OR {written})") == Or((same, same))
    assert parse(f"x:({written} {written})") == And((same, same))
    assert parse(f"x:>{written}") == Term("x", Comparison(">", value))
    assert parse(f"x:[{written} TO {written}]") == Term(
        "x", Range(value, value, low_included=True, high_included=True)
    )


@pytest.mark.parametrize(
    "text", ["data-api", "sensor.kitchen_1", "2026-11-23T10:00:00Z", "10.0.0.1", "Größe", "-1"]
)
def test_plain_values_stay_bare(text: str) -> None:
    assert quoted_value(text) == (text if text != "-1" else '"-1"')


@pytest.mark.parametrize("name", ["level", "context.lineno", "@timestamp", "user/name", "Größe"])
def test_plain_names_stay_bare(name: str) -> None:
    assert quoted_field(name) == name
