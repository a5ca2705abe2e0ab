"""Tests of JSON text give the same, whether they parse it or not."""

import json

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.query.ast import Gap, Literally, Term, Test, Wildcard
from aggregator.query.json_filter import json_filter
from tests.aggregator.query.oracle import matches
from tests.aggregator.query.strategies import ATOMS, of_values, values

pieces = st.lists(st.sampled_from([*ATOMS, "sensor", "kitchen", "[", "{"]), min_size=1, max_size=2).map(
    "".join
)
usual_wildcards = st.one_of(
    pieces.map(lambda text: Wildcard((text, Gap.ANY))),
    pieces.map(lambda text: Wildcard((Gap.ANY, text))),
    pieces.map(lambda text: Wildcard((Gap.ANY, text, Gap.ANY))),
)


@st.composite
def raws_around(draw: st.DrawFn, test: Test) -> str:
    """JSON text of a value that the test may well find, written in one of several ways."""
    texts = st.lists(st.sampled_from(ATOMS), max_size=2).map("".join)
    middle = draw(values)
    if isinstance(test, Literally):
        middle = test.text
    elif isinstance(test, Wildcard):
        middle = "".join(draw(texts) if isinstance(piece, Gap) else piece for piece in test.pieces)
    text = draw(st.sampled_from(["", "", "a"])) + middle + draw(st.sampled_from(["", "", "a"]))
    value = draw(st.sampled_from([text, text, [text], {"a": text}, None, True, False, 5, -1.5, 0, 500]))
    raw = json.dumps(value, ensure_ascii=draw(st.booleans()), separators=(",", ":"))
    return raw.replace("/", "\\/") if draw(st.booleans()) else raw


@st.composite
def cases(draw: st.DrawFn) -> tuple[Test, list[str]]:
    test = draw(of_values | usual_wildcards)
    return test, draw(st.lists(raws_around(test), min_size=1, max_size=10))


@settings(max_examples=300, deadline=None)
@given(cases())
@example((Wildcard((Gap.ANY, '"', Gap.ANY)), ['"a"', '"a\\""']))
@example((Wildcard(('"', Gap.ANY)), ['""', '"\\"a"']))
@example((Wildcard((Gap.ANY, "a")), ['"a"', '"\\u0061"', '["a"]', '"ab"']))
@example((Wildcard((Gap.ANY, Gap.ONE)), ['""', '"a"']))
@example((Wildcard(("5", Gap.ANY)), ["5", '"5"', "50.0", "[5]"]))
@example((Literally("-"), ['"-"', "-1"]))
def test_json_text_passes_as_the_oracle_says(case: tuple[Test, list[str]]) -> None:
    test, raws = case
    condition = json_filter("raw", (), test)
    rows = duckdb.execute(
        f"SELECT coalesce({condition.sql}, FALSE) FROM (SELECT unnest(?)::JSON AS raw)",  # noqa: S608 # what is under test
        [*condition.parameters, raws],
    ).fetchall()
    expected = [matches({"x": raw}, Term("x", test), now_ns=0) for raw in raws]
    assert [passed for (passed,) in rows] == expected
