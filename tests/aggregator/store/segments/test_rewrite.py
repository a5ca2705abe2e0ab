"""Segments made of others have the same records, whatever moment a crash comes at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from aggregator import limits
from aggregator.query.fragment import SqlFilter
from aggregator.query.needles import Value, Word
from aggregator.record.fields import CANONICAL_NAMES
from aggregator.store.files import INDEX_SUFFIX, Span
from aggregator.store.segments import index
from aggregator.store.segments.rewrite import fields, rewrite
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace
from tests.aggregator.json_values import json_objects
from tests.aggregator.store.made_segments import make, may_hold, rows, workspace
from tests.aggregator.store.opened_store import Row, opened

lines = json_objects.map(
    lambda sent: {key: value for key, value in sent.items() if key not in CANONICAL_NAMES}
)


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    with workspace(tmp_path / "store") as space:
        yield space


def several(space: Workspace, *batches: list[Row]) -> list[Segment]:
    """A segment of each batch, one behind the other."""
    made = []
    first_seq = 1
    for batch in batches:
        made.append(make(space, first_seq, *batch))
        first_seq += len(batch)
    return made


@pytest.fixture
def three(space: Workspace) -> list[Segment]:
    """Segments with different columns and fields without one."""
    return several(
        space,
        [{"message": "0", "a": 1, "k" * 200: "long"}, {"message": "1", "timestamp_us": 5}],
        [{"message": "2", "b": [None, {"c": 1.50}], "uid": "u", "level": "debug"}],
        [
            {"message": "3", "a": None, "": "empty", "timestamp": "2026-01-01T00:00:00.000000001Z"},
            {"exception": "4"},
        ],
    )


def test_every_record_comes_back_as_before(space: Workspace, three: list[Segment]) -> None:
    before = rows(space, three)
    made = rewrite(space, three)
    assert made is not None
    assert rows(space, [made]) == before
    assert made.span == Span(1, 5, 1)
    assert (made.rows, made.first_ns, made.last_ns) == (
        5,
        min(part.first_ns for part in three),
        max(part.last_ns for part in three),
    )
    assert set(made.index.facts.columns) == {"a", "b", "timestamp_us"}
    assert made.index.facts.has_rest
    for word in "0", "1", "2", "3", "4":
        assert may_hold(made, Word(word))
    assert may_hold(made, Value("source", "http"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.lists(lines, min_size=1, max_size=4), min_size=2, max_size=4),
    columns=st.integers(2, 12),
)
def test_any_fields_come_back_as_before(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Row]], columns: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, workspace(tmp_path_factory.mktemp("store")) as space:
        patch.setattr(limits, "FIELD_COLUMNS", columns)
        made = several(space, *batches)
        names = fields(made)
        assume(len({name.casefold() for name in names}) == len(names))
        before = rows(space, made)
        merged = rewrite(space, made)
        assert merged is not None
        assert rows(space, [merged]) == before
        again = rewrite(space, [merged])
        assert again is not None
        assert again.span.generation == 2
        assert rows(space, [again]) == before


def test_only_what_is_kept_comes_back(space: Workspace, three: list[Segment]) -> None:
    before = rows(space, three)
    made = rewrite(space, three, SqlFilter("message IN (?, ?)", ("1", "3")))
    assert made is not None
    assert rows(space, [made]) == [row for row in before if row.get("message") in {"1", "3"}]
    assert made.span == Span(1, 5, 1)
    assert made.rows == 2


def test_a_condition_that_is_null_keeps_nothing_of_a_row(space: Workspace, three: list[Segment]) -> None:
    made = rewrite(space, three, SqlFilter("level = ?", ("DEBUG",)))
    assert made is not None
    assert [row["message"] for row in rows(space, [made])] == ["2"]


def test_nothing_kept_makes_no_segment(space: Workspace, three: list[Segment]) -> None:
    files = sorted(space.layout.segment_folder.iterdir())
    assert rewrite(space, three, SqlFilter("FALSE")) is None
    assert sorted(space.layout.segment_folder.iterdir()) == files


def test_a_damaged_source_changes_nothing(space: Workspace, three: list[Segment]) -> None:
    data = bytearray(three[1].path.read_bytes())
    data[4:-200] = bytes(len(data) - 204)
    three[1].path.write_bytes(data)
    with pytest.raises(duckdb.Error):
        rewrite(space, three)
    assert [part.path for part in three] == space.layout.segment_files()


def _before_the_rename(_: Workspace, made: Segment) -> None:
    made.path.rename(made.path.with_name(made.path.name + ".tmp"))


def _before_anything_went(_: Workspace, __: Segment) -> None:
    """Everything is still there."""


def _after_one_went(space: Workspace, _: Segment) -> None:
    space.layout.segment_file(Span(1, 2)).unlink()


def _after_the_segments_went(space: Workspace, made: Segment) -> None:
    for path in space.layout.segment_files():
        if path != made.path:
            path.unlink()


def _after_all_went(space: Workspace, made: Segment) -> None:
    for path in space.layout.segment_folder.iterdir():
        if path.stem != made.path.stem:
            path.unlink()


@pytest.mark.parametrize(
    "crash",
    [_before_the_rename, _before_anything_went, _after_one_went, _after_the_segments_went, _after_all_went],
)
def test_a_crash_leaves_every_record_once(
    space: Workspace, three: list[Segment], tmp_path: Path, crash: Callable[[Workspace, Segment], None]
) -> None:
    before = rows(space, three)
    made = rewrite(space, three)
    assert made is not None
    crash(space, made)
    for _ in range(2):
        # The second start sees what the first one left.
        with opened(tmp_path / "store") as store:
            assert sorted(store.rows(), key=lambda row: int(row["_id"])) == before
            assert store.store.last_seq == 5
            current = {path.stem for path in store.segment_files()}
    merged = crash is not _before_the_rename
    assert current == ({made.path.stem} if merged else {part.path.stem for part in three})
    indexes = space.layout.segment_folder.glob(f"*{INDEX_SUFFIX}")
    assert {path.stem for path in indexes} == current


def test_what_was_kept_stays_so_after_a_crash(space: Workspace, three: list[Segment], tmp_path: Path) -> None:
    made = rewrite(space, three[1:], SqlFilter("message = '3'"))
    assert made is not None
    with opened(tmp_path / "store") as store:
        assert {row.get("message") for row in store.rows()} == {"0", "1", "3"}
        assert store.store.last_seq == 5


def test_the_latest_of_several_generations_wins(
    space: Workspace, three: list[Segment], tmp_path: Path
) -> None:
    before = rows(space, three)
    first = rewrite(space, three[:2])
    assert first is not None
    second = rewrite(space, [first, three[2]])
    assert second is not None
    third = rewrite(space, [second])
    assert third is not None
    assert [part.span.generation for part in (first, second, third)] == [1, 2, 3]
    with opened(tmp_path / "store") as store:
        assert sorted(store.rows(), key=lambda row: int(row["_id"])) == before
        assert [path.stem for path in store.segment_files()] == [third.path.stem]


def test_a_damaged_later_generation_gives_way_to_what_it_was_made_of(
    space: Workspace, three: list[Segment], tmp_path: Path
) -> None:
    before = rows(space, three)
    made = rewrite(space, three)
    assert made is not None
    made.path.write_bytes(made.path.read_bytes()[:-1])
    with opened(tmp_path / "store") as store:
        assert sorted(store.rows(), key=lambda row: int(row["_id"])) == before


def test_an_index_left_by_a_crash_is_not_taken_for_a_later_segments(
    space: Workspace, three: list[Segment]
) -> None:
    made = rewrite(space, three)
    assert made is not None
    stale = made.path.with_suffix(INDEX_SUFFIX)
    made.dispose()
    shutil.copy(three[0].path.with_suffix(INDEX_SUFFIX), stale)
    again = rewrite(space, three, SqlFilter("message = '0'"))
    assert again is not None
    assert index.read(stale).facts.rows == 1


def test_files_of_the_sources_go_after_their_readers(space: Workspace, three: list[Segment]) -> None:
    for part in three:
        space.catalogue.add(part)
    made = rewrite(space, three)
    assert made is not None
    before = rows(space, three)
    with space.catalogue.lease() as leased:
        space.catalogue.replace(three, made)
        assert leased == three
        assert rows(space, three) == before
        with space.catalogue.lease() as later:
            assert later == [made]
    assert {path.stem for path in space.layout.segment_folder.iterdir()} == {made.path.stem}
