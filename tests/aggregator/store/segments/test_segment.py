"""Segments hold every record as it was, and are there whole or not at all."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.record import normalise
from aggregator.record.output import format_ns
from aggregator.sql import quote_identifier
from aggregator.store.files import Span
from aggregator.store.segments import segment
from aggregator.store.segments.segment import Contents
from aggregator.store.workspace import Workspace
from tests.aggregator.store.made_segments import make, rows, workspace

LAST_NS = 2**63 - 1
DAY_NS = 24 * 3600 * 10**9


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    with workspace(tmp_path) as space:
        yield space


def select(timestamps: list[int]) -> str:
    """Records with nothing but timestamps."""
    types = normalise.column_types()
    empty = ", ".join(
        f"NULL::{kind} AS {quote_identifier(name)}"
        for name, kind in types.items()
        if name not in {"timestamp", normalise.SEQ}
    )
    return (
        f"SELECT seq AS {normalise.SEQ}, timestamp, {empty} "
        f"FROM (SELECT unnest({timestamps}::BIGINT[]) AS timestamp, "
        f"unnest(range({len(timestamps)}))::UBIGINT AS seq)"
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.integers(-(2**63), LAST_NS)
        | st.sampled_from([-(2**63), -1001, -1000, -999, -1, 0, 1, 999, 1000, LAST_NS - 807, LAST_NS]),
        min_size=1,
        max_size=20,
    )
)
def test_every_nanosecond_comes_back(timestamps: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, workspace(Path(folder)) as space:
        path = space.layout.segment_file(Span(1, len(timestamps)))
        with space.database.cursor() as connection:
            part = segment.write(connection, Contents(select(timestamps), ()), path)
            assert part is not None
            found = connection.execute(
                f"SELECT timestamp FROM {part.view.relation} ORDER BY {normalise.SEQ}"
            ).fetchall()
        assert [timestamp for (timestamp,) in found] == timestamps
        assert (part.first_ns, part.last_ns) == (min(timestamps), max(timestamps))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(10**18, 1_767_225_600 * 10**9), min_size=1, max_size=10))
def test_every_nanosecond_that_a_sender_wrote_comes_back(timestamps: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, workspace(Path(folder)) as space:
        part = make(space, 1, *({"timestamp": format_ns(ns)} for ns in timestamps))
        assert [row["timestamp"] for row in rows(space, [part])] == [format_ns(ns) for ns in timestamps]


def test_the_first_moment_comes_back_and_what_was_before_it_is_marked(space: Workspace) -> None:
    part = make(
        space,
        1,
        {"timestamp": "1970-01-01T00:00:00Z"},
        {"timestamp": "1970-01-01T00:00:00.000000001Z"},
        {"timestamp": "1969-12-31T23:59:59.999999999Z"},
        {"timestamp": "2261-12-31T23:59:59.999999999Z"},
    )
    found = rows(space, [part])
    assert [row["timestamp"] for row in found[:2]] == [
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00.000000001Z",
    ]
    assert [row.get("timestamp_invalid") for row in found] == [
        None,
        None,
        "1969-12-31T23:59:59.999999999Z",
        "2261-12-31T23:59:59.999999999Z",
    ]


def test_fields_named_like_the_columns_of_segments_come_back_as_sent(space: Workspace) -> None:
    line: dict[str, Any] = {
        "timestamp": "2026-01-01T00:00:00.123456789Z",
        "_timestamp_us": 1,
        "_timestamp_ns": "two",
        "_TIMESTAMP_NS": [3],
        "timestamp_us": {"four": 4},
        "_rest": 5,
        "_seq": 6,
    }
    made = make(space, 1, line, {"_timestamp_us": None})
    with space.database.cursor() as connection:
        for part in (made, segment.read(connection, made.path)):
            first, second = rows(space, [part])
            assert first.items() >= line.items()
            assert second["_timestamp_us"] is None


def test_long_text_is_written_in_smaller_groups_of_rows(space: Workspace) -> None:
    def groups(row_text_bytes: int) -> int:
        path = space.layout.segment_file(Span(1, 5000))
        contents = Contents(select(list(range(5000))), (), 5000, row_text_bytes)
        with space.database.cursor() as connection:
            part = segment.write(connection, contents, path)
            assert part is not None
            assert part.rows == 5000
            (count,) = connection.execute(
                "SELECT num_row_groups FROM parquet_file_metadata(?)", [str(path)]
            ).fetchone() or (0,)
        return int(count)

    assert [groups(row_text_bytes) for row_text_bytes in (0, 1000, 8000, 10**9)] == [1, 1, 3, 3]


def test_no_records_make_no_segment(space: Workspace) -> None:
    path = space.layout.segment_file(Span(1, 9))
    with space.database.cursor() as connection:
        assert segment.write(connection, Contents(select([]), ()), path) is None
    assert not list(space.layout.segment_folder.iterdir())


def test_another_number_of_records_than_expected_makes_no_segment(space: Workspace) -> None:
    path = space.layout.segment_file(Span(1, 9))
    with space.database.cursor() as connection, pytest.raises(duckdb.DataError, match="another number"):
        segment.write(connection, Contents(select([1, 2]), (), rows=3), path)
    assert not path.exists()


@pytest.mark.parametrize("kept", [0, 3, 4, 100, -1, -4, -8])
def test_a_segment_that_is_cut_off_is_refused(space: Workspace, kept: int) -> None:
    path = make(space, 1, *({"message": f"{number}"} for number in range(100))).path
    path.write_bytes(path.read_bytes()[:kept])
    with space.database.cursor() as connection, pytest.raises((duckdb.Error, OSError)):
        segment.read(connection, path)


@pytest.mark.parametrize(("start", "end"), [(0, None), (0, 4), (-4, None), (-100, None)])
def test_a_segment_whose_begin_or_end_is_overwritten_is_refused(
    space: Workspace, start: int, end: int | None
) -> None:
    path = make(space, 1, *({"message": f"{number}"} for number in range(100))).path
    data = bytearray(path.read_bytes())
    data[start:end] = bytes(len(data[start:end]))
    path.write_bytes(data)
    with space.database.cursor() as connection, pytest.raises((duckdb.Error, OSError)):
        segment.read(connection, path)


def test_a_file_with_another_name_is_refused(space: Workspace) -> None:
    part = make(space, 1, {"message": "m"})
    foreign = part.path.rename(part.path.with_name("mine.parquet"))
    with space.database.cursor() as connection, pytest.raises(duckdb.DataError, match="no segment's name"):
        segment.read(connection, foreign)
