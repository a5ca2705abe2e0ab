"""Counts from precomputed ones and by a scan are the same, whatever is asked."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import InvalidFieldError
from aggregator.query.parse import parse
from aggregator.store.read.budget import Budget
from aggregator.store.reads import CountOverTime, Histogram, Selection
from aggregator.store.segments.segment import Segment
from tests.aggregator.store.opened_store import OpenedStore, opened

MINUTE_NS = 60 * 10**9
BASE_NS = 29_455_384 * MINUTE_NS
SPAN_NS = 10 * MINUTE_NS
LEVELS = ("debug", "info", "error", None)
SERVICES = ("a", "b", None)


hidden: set[int] = set()
"""First numbers of the segments that seem to have no counts."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedStore]:
    """Segments that overlap in time, and rows in memory."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.0)
        monkeypatch.setattr(limits, "SEAL_ROWS", 1)
        counts = vars(Segment)["counts"].fget
        monkeypatch.setattr(
            Segment, "counts", property(lambda part: None if part.first_seq in hidden else counts(part))
        )
        with opened(tmp_path_factory.mktemp("tally")) as store:
            for batch in range(4):
                store.take(
                    *(
                        {
                            "timestamp": BASE_NS + (number * 7_919_000_000_007 + batch) % SPAN_NS,
                            "message": f"{batch}.{number}",
                            "level": LEVELS[number % 4],
                            "service": SERVICES[number * batch % 3],
                        }
                        for number in range(50)
                    )
                )
            store.wait_until_sealed()
            yield store


def set_counts(store: OpenedStore, *, every: int) -> None:
    """Leave each so-manieth segment its counts, and hide those of the others."""
    with store.store._catalogue.lease() as parts:
        segments = [part for part in parts if isinstance(part, Segment)]
    hidden.clear()
    hidden.update(part.first_seq for number, part in enumerate(segments) if not every or number % every)


times = st.none() | st.integers(-MINUTE_NS, SPAN_NS + MINUTE_NS).map(lambda offset: BASE_NS + offset)
queries = st.sampled_from(
    [
        "",
        "level:error",
        "level:>=info service:a",
        "-service:a OR level:debug",
        "service:*",
        "-level:*",
        "level:/e/ -service:/^A/",
        "service:a*",
        f"timestamp:>{BASE_NS + 3 * MINUTE_NS + 5}",
        f"level:error timestamp:[* TO {BASE_NS + 4 * MINUTE_NS}]",
        f"NOT timestamp:>{BASE_NS + 3 * MINUTE_NS + 5}",
        "1.3",
        "severity:error",
    ]
)


@settings(max_examples=150, deadline=None)
@given(queries, times, times, st.sampled_from([1, 30, 60, 120, 3600]), st.booleans(), st.integers(1, 2))
def test_counts_and_a_scan_say_the_same(  # noqa: PLR0913, PLR0917 - what is asked
    store: OpenedStore,
    query: str,
    start_ns: int | None,
    end_ns: int | None,
    step_s: int,
    by_service: bool,
    every: int,
) -> None:
    selection = Selection(parse(query), start_ns, end_ns)

    def ask() -> tuple[Histogram, int, object]:
        over_time = CountOverTime(selection, step_s * 10**9, by_service=by_service)
        return (
            store.store.histogram(over_time, Budget()),
            store.store.count(selection, Budget()).rows,
            store.store.facets(selection, ["service", "level"], 10, Budget()),
        )

    set_counts(store, every=0)
    scanned = ask()
    set_counts(store, every=every)
    assert ask() == scanned
    rows = store.rows(query, start_ns=start_ns, end_ns=end_ns)
    assert scanned[1] == len(rows) == sum(bucket.rows for bucket in scanned[0].buckets)


def test_questions_about_services_levels_and_time_read_no_segment(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_counts(store, every=1)
    expected = store.store.count(Selection(parse("level:error")), Budget()).rows
    with store.store._catalogue.lease() as parts:
        for part in parts:
            if part.size_bytes:
                monkeypatch.setattr(part, "view", None)
        for selection in (
            Selection(parse("level:error")),
            Selection(parse("level:error"), BASE_NS, BASE_NS + SPAN_NS),
        ):
            assert store.store.count(selection, Budget()).rows == expected
            histogram = store.store.histogram(CountOverTime(selection, MINUTE_NS, by_service=True), Budget())
            assert sum(bucket.rows for bucket in histogram.buckets) == expected


def test_a_step_is_chosen_that_is_round(store: OpenedStore) -> None:
    histogram = store.store.histogram(CountOverTime(Selection(parse("")), buckets=10), Budget())
    assert histogram.step_ns == 60 * 10**9
    assert sum(bucket.rows for bucket in histogram.buckets) == 200
    starts = [bucket.start_ns for bucket in histogram.buckets]
    assert starts == sorted(starts)
    assert all(start % histogram.step_ns == 0 for start in starts)


def test_too_many_buckets_are_refused(store: OpenedStore) -> None:
    asked = CountOverTime(Selection(parse(""), 0, BASE_NS), 10**9)
    with pytest.raises(InvalidFieldError, match="step"):
        store.store.histogram(asked, Budget())


def test_without_time_the_answer_is_partial(store: OpenedStore) -> None:
    set_counts(store, every=0)
    assert store.store.count(Selection(parse("1")), Budget(0.0)).partial


def test_a_cancelled_count_is_partial(store: OpenedStore) -> None:
    set_counts(store, every=0)
    budget = Budget()
    budget.cancel()
    assert store.store.count(Selection(parse("1")), budget).partial
