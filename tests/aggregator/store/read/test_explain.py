"""Explanations: what a read would look through, and proof that what stays closed holds nothing."""

from pathlib import Path

import pytest

from aggregator.query.parse import parse
from aggregator.store.reads import Kind, Plan, Selection, Use
from tests.aggregator.store.opened_store import OpenedStore, opened, seal_each_batch

DAY_NS = 24 * 3600 * 10**9
START_S = 1_795_392_000


@pytest.fixture
def store_of_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two segments, a day apart, and a row in memory a day later."""
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        store.take({"message": "Kettle boils", "service": "kitchen", "level": "info", "timestamp": START_S})
        store.take(
            {"message": "Door opens", "trace_id": "ab" * 16, "watts": 3, "timestamp": START_S + 86_400}
        )
        store.take({"message": "last", "timestamp": START_S + 2 * 86_400})
        store.wait_until_sealed()
    return tmp_path


def plan(store: OpenedStore, query: str, **times: int) -> Plan:
    return store.store.explain(Selection(parse(query), **times))


def uses(store: OpenedStore, query: str, **times: int) -> list[Use]:
    """What is done with each part, the newest first."""
    return [part.use for part in plan(store, query, **times).parts]


@pytest.mark.parametrize(
    ("query", "newest_first"),
    [
        ("", [Use.OPENED, Use.OPENED, Use.OPENED]),
        ("kettle", [Use.OPENED, Use.NO_MATCH, Use.OPENED]),
        ("absent", [Use.OPENED, Use.NO_MATCH, Use.NO_MATCH]),
        ("kettle OR door", [Use.OPENED, Use.OPENED, Use.OPENED]),
        ('"door opens"', [Use.OPENED, Use.OPENED, Use.NO_MATCH]),
        ("service:kitchen", [Use.OPENED, Use.NO_MATCH, Use.OPENED]),
        (f"trace_id:{'ab' * 16}", [Use.OPENED, Use.OPENED, Use.NO_MATCH]),
        ("level:info", [Use.OPENED, Use.NO_MATCH, Use.OPENED]),
        ("watts:>2", [Use.OPENED, Use.OPENED, Use.NO_MATCH]),
        ("-kettle", [Use.OPENED, Use.OPENED, Use.OPENED]),
        ("timestamp:2026-11-23", [Use.OUT_OF_TIME, Use.OUT_OF_TIME, Use.OPENED]),
    ],
)
def test_segments_that_hold_no_match_stay_closed(
    store_of_three: Path, query: str, newest_first: list[Use]
) -> None:
    with opened(store_of_three) as store:
        assert uses(store, query) == newest_first


def test_parts_outside_of_the_times_stay_closed(store_of_three: Path) -> None:
    start_ns = START_S * 10**9
    with opened(store_of_three) as store:
        assert uses(store, "", start_ns=start_ns + DAY_NS, end_ns=start_ns + 2 * DAY_NS) == [
            Use.OUT_OF_TIME,
            Use.OPENED,
            Use.OUT_OF_TIME,
        ]


def test_parts_are_told_with_their_size_and_times(store_of_three: Path) -> None:
    with opened(store_of_three) as store:
        memory, second, first = plan(store, "").parts
        files = store.segment_files()
    assert [part.rows for part in (memory, second, first)] == [1, 1, 1]
    assert (memory.kind, second.kind, memory.size_bytes) == (Kind.MEMORY, Kind.SEGMENT, 0)
    assert first.size_bytes >= files[0].stat().st_size
    assert first.first_ns == first.last_ns == START_S * 10**9


def test_an_explanation_and_a_search_agree_where_nothing_is_opened(store_of_three: Path) -> None:
    with opened(store_of_three) as store:
        assert store.messages("kettle door") == []
        assert store.messages("service:kitchen") == ["Kettle boils"]
        assert store.messages("watts:>2") == ["Door opens"]
