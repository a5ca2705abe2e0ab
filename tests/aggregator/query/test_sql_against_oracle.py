"""Random searches over random records give what a naive search gives."""

import json
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from aggregator.query.ast import Node
from aggregator.query.scope import time_bounds
from aggregator.record.fields import LEVELS
from tests.aggregator.query.oracle import Record, matches
from tests.aggregator.query.query_text import query_text
from tests.aggregator.query.relation import Relation
from tests.aggregator.query.strategies import (
    INTEGERS,
    MADE_UP_FIELDS,
    QUARTERS,
    TEXT_FIELDS,
    nodes,
    texts,
)

NOW_NS = 1795428000_000000000  # 2026-11-23T10:00:00Z

times_ns = st.sampled_from(
    [NOW_NS, NOW_NS - 1, NOW_NS + 1, NOW_NS + 500_000_000, NOW_NS - 15 * 60 * 10**9]
) | st.integers(NOW_NS - 2 * 365 * 86_400 * 10**9, NOW_NS + 10**9)

scalars = st.none() | st.booleans() | INTEGERS | QUARTERS | texts | INTEGERS.map(str) | QUARTERS.map(str)
keys = st.sampled_from([*MADE_UP_FIELDS, "b", "c", "~", "/"])
structures: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def raws(draw: st.DrawFn) -> str:
    """JSON text in one of the ways in which it can be written."""
    value = draw(structures)
    raw = json.dumps(value, ensure_ascii=draw(st.booleans()), separators=(",", ":"))
    if isinstance(value, float) and draw(st.booleans()):
        return f"{value:.4f}"
    return raw.replace("/", "\\/") if isinstance(value, str) and draw(st.booleans()) else raw


record_fields = st.fixed_dictionaries(
    {"timestamp": times_ns, "observed": times_ns},
    optional={
        "level": st.sampled_from(LEVELS),
        **dict.fromkeys(TEXT_FIELDS, texts | INTEGERS.map(str) | QUARTERS.map(str)),
    },
)
made_up_fields = st.dictionaries(st.sampled_from(MADE_UP_FIELDS).filter(bool), raws(), max_size=5)
records: st.SearchStrategy[Record] = st.builds(
    lambda known, other: known | other, record_fields, made_up_fields
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(records, min_size=1, max_size=5),
    st.sets(st.sampled_from(MADE_UP_FIELDS)),
    st.lists(nodes(), min_size=1, max_size=5),
)
def test_search_finds_what_the_oracle_finds(
    rows: list[Record], with_column: set[str], searches: list[Node]
) -> None:
    with Relation(rows, sorted(with_column)) as relation:
        for node in searches:
            note(query_text(node))
            expected = [number for number, row in enumerate(rows) if matches(row, node, NOW_NS)]
            assert relation.search(node, NOW_NS) == expected


@settings(max_examples=300)
@given(times_ns, nodes())
def test_no_match_lies_outside_the_time_bounds(timestamp_ns: int, node: Node) -> None:
    start_ns, end_ns = time_bounds(node, NOW_NS)
    inside = (start_ns is None or start_ns <= timestamp_ns) and (end_ns is None or timestamp_ns < end_ns)
    for level in LEVELS:
        record = {"timestamp": timestamp_ns, "observed": timestamp_ns, "level": level, "message": "a error"}
        assert inside or not matches(record, node, NOW_NS)
