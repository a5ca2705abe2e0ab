"""Random searches give what a naive search gives, however the records are stored."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from aggregator import limits
from aggregator.query.ast import Node
from aggregator.query.parse import parse
from aggregator.query.times import parse_time
from aggregator.record.fields import RECORD_FIELDS, TIME_FIELDS
from aggregator.record.normalise import MARKS
from aggregator.record.output import Record as Found
from aggregator.store.read import reading
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Search, Selection
from tests.aggregator.query.oracle import Record, matches
from tests.aggregator.query.query_text import query_text
from tests.aggregator.query.record_strategies import NOW_NS, records
from tests.aggregator.query.strategies import nodes
from tests.aggregator.store.opened_store import OpenedStore, opened

SENT_AS = {"sent_source": "source", "sent_observed": "observed"}
"""Names by which fields come back → what their senders call them."""

batches = st.lists(records, min_size=1, max_size=4)
"""Records that come together."""

field_columns = st.sampled_from([len(MARKS), len(MARKS) + 2, len(MARKS) + 6, limits.FIELD_COLUMNS])
"""How many fields have a column where they lie, with the aggregator's own."""


def line(record: Record) -> bytes:
    """A record as a sender's line."""
    members = (
        f"{json.dumps(SENT_AS.get(name, name))}:{json.dumps(value) if name in RECORD_FIELDS else value}"
        for name, value in record.items()
        if name != "observed"
    )
    return ("{" + ",".join(members) + "}").encode()


def as_record(found: Found) -> Record:
    """What the oracle searches, of a record as it comes back."""
    record: dict[str, str | int] = {}
    for name, value in found.fields.items():
        if name in TIME_FIELDS:
            record[name] = parse_time(str(value), NOW_NS).start_ns
        elif name in RECORD_FIELDS:
            record[name] = str(value)
        elif name != "_id":
            record[name] = orjson.dumps(value).decode()
    return record


def check(store: OpenedStore, searches: Sequence[Node]) -> None:
    """Compare each search, and the reads that choose records likewise."""
    every = store.store.search(Search(parse(""), limit=1000), Budget()).rows
    stored = {found.seq: as_record(found) for found in every}
    for node in searches:
        note(query_text(node))
        expected = {seq for seq, record in stored.items() if matches(record, node, NOW_NS)}
        for newest_first in (True, False):
            page = store.store.search(Search(node, limit=1000, newest_first=newest_first), Budget())
            assert {found.seq for found in page.rows} == expected
        assert store.store.count(Selection(node), Budget()).rows == len(expected)
        tailed, _, _ = store.store.since(0, node, 1000)
        assert {found.seq for found in tailed} == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(batches, min_size=1, max_size=5),
    field_columns,
    st.integers(0, 4),
    st.lists(nodes(), min_size=10, max_size=20),
)
def test_search_finds_what_the_oracle_finds(
    sent: list[list[Record]], columns: int, compacted: int, searches: list[Node]
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.0)
        monkeypatch.setattr(limits, "SEAL_ROWS", 1)
        monkeypatch.setattr(limits, "FIELD_COLUMNS", columns)
        monkeypatch.setattr(reading, "time", SimpleNamespace(time_ns=lambda: NOW_NS))
        with opened(Path(folder) / "store") as store:
            for number, lines in enumerate(sent, 1):
                store.take(*map(line, lines))
                if number == compacted:
                    store.wait_until_sealed()
                    compact(store, monkeypatch)
            check(store, searches)
            store.wait_until_sealed()
            compact(store, monkeypatch)
            check(store, searches[:5])


def compact(store: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make larger segments of small ones, as far as they fit together."""
    with monkeypatch.context() as patch:
        patch.setattr(limits, "SEAL_ROWS", 1000)
        patch.setattr(limits, "COMPACT_SEGMENTS", 2)
        while store.store._compactor.compact():
            pass
