"""Counts: what a scan would say, also after a stay on the disk."""

from collections import Counter

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.segments.counts import NS_PER_MINUTE, Counts, groups_of

NAMES = st.none() | st.sampled_from(["a", "b", "é", ""])
ROWS = st.lists(st.tuples(st.integers(0, 10 * NS_PER_MINUTE), NAMES, NAMES), max_size=30)


def counts_of(rows: list[tuple[int, str | None, str | None]]) -> Counts:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE rows (timestamp BIGINT, service VARCHAR, level VARCHAR)")
        if rows:
            connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)
        return Counts.of(connection, "rows")


def as_counter(counts: Counts) -> Counter[tuple[int, str | None, str | None]]:
    numbers, pairs = groups_of(counts.pairs, lambda pair: pair)
    return Counter(
        {(minute, *pairs[group]): rows for minute, group, rows in counts.summed(None, None, 1, numbers)}
    )


@given(ROWS)
def test_counts_are_those_of_the_rows_and_survive_encoding(
    rows: list[tuple[int, str | None, str | None]],
) -> None:
    counts = counts_of(rows)
    expected = Counter((time // NS_PER_MINUTE, service, level) for time, service, level in rows)
    assert as_counter(counts) == expected
    assert as_counter(Counts.decode(counts.encode())) == expected


@given(ROWS, st.integers(1, 4), st.none() | st.integers(0, 11), st.none() | st.integers(0, 11))
def test_sums_follow_steps_bounds_and_groups(
    rows: list[tuple[int, str | None, str | None]], step: int, first: int | None, end: int | None
) -> None:
    counts = counts_of(rows)
    numbers, groups = groups_of(counts.pairs, lambda pair: (pair[0], None) if pair[0] else None)
    found = Counter(
        {
            (minute, *groups[group]): summed
            for minute, group, summed in counts.summed(first, end, step, numbers)
        }
    )
    minutes = ((time // NS_PER_MINUTE, service) for time, service, _ in rows)
    assert found == Counter(
        (minute // step * step, service, None)
        for minute, service in minutes
        if service and (first is None or minute >= first) and (end is None or minute < end)
    )


def test_presence_of_rows_is_told_for_each_minute() -> None:
    counts = counts_of([(3 * NS_PER_MINUTE + 5, "a", None), (5 * NS_PER_MINUTE, "a", None)])
    assert [counts.has_rows(minute, minute + 1) for minute in range(2, 7)] == [
        False,
        True,
        False,
        True,
        False,
    ]


@given(st.binary(max_size=200))
def test_damaged_counts_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no counts"):
        Counts.decode(data)


def test_cut_off_counts_are_refused() -> None:
    data = counts_of([(5, "a", "b")] * 3).encode()
    for length in range(len(data)):
        with pytest.raises(ValueError, match="no counts"):
            Counts.decode(data[:length])


def test_a_day_of_a_busy_home_takes_little_room() -> None:
    day = 24 * 60
    rows = [
        (minute * NS_PER_MINUTE, f"service-{service}", level)
        for minute in range(day)
        for service in range(9)
        for level in ("INFO", "ERROR")
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE rows AS SELECT unnest(?::BIGINT[]) AS timestamp, unnest(?::VARCHAR[]) AS service, "
            "unnest(?::VARCHAR[]) AS level",
            [list(column) for column in zip(*rows, strict=True)],
        )
        assert len(Counts.of(connection, "rows").encode()) < 1000
