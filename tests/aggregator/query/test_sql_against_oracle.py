"""Random searches over random records give what a naive search gives."""

from hypothesis import given, note, settings
from hypothesis import strategies as st

from aggregator.query.ast import Node
from aggregator.query.scope import time_bounds
from aggregator.record.fields import LEVELS
from tests.aggregator.query.oracle import Record, matches
from tests.aggregator.query.query_text import query_text
from tests.aggregator.query.record_strategies import NOW_NS, records, times_ns
from tests.aggregator.query.relation import Relation
from tests.aggregator.query.strategies import MADE_UP_FIELDS, nodes


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
