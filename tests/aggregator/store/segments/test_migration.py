"""A store of format 1 is brought to the present format at a start, whatever happens meanwhile."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from aggregator.record.normalise import TIMESTAMP_NS, TIMESTAMP_US
from aggregator.store.files import FORMAT_FILE, FORMAT_VERSION
from aggregator.store.segments import segment
from aggregator.store.segments.verify import State, verify
from tests.aggregator.store.opened_store import OpenedStore, Row, opened, seal_each_batch

OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 122880"

BATCHES: list[list[Row]] = [
    [
        {"message": "a", "timestamp": "2026-01-01T00:00:00.123456789Z", "level": "error", "n": 1},
        {"message": "b", "timestamp": 1_600_000_000, "level": "unheard", "deep": {"x": [1, None, 2.5]}},
    ],
    [{"message": "c", "service": "s", "n": "text", "big": 10**30}, {"message": "d", "uid": "u1"}],
    [{"message": "e", "other": True}],
    [{"message": "in the log", "uid": "u2"}],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def make(folder: Path, monkeypatch: pytest.MonkeyPatch, batches: Sequence[Sequence[Row]]) -> list[Row]:
    """Make a store of format 1 with a segment of each batch but the last; return its records."""
    with monkeypatch.context() as patch, opened(folder) as store:
        seal_each_batch(patch)
        for batch in batches:
            store.take(*batch)
        store.wait_until_sealed()
        rows = store.rows()
    with duckdb.connect() as connection:
        for path in sorted((folder / "segments").glob("*.parquet")):
            target = path.with_name(f"{path.stem[:20]}.parquet")
            connection.execute(f"COPY (FROM {segment.relation([path])}) TO '{target}' ({OPTIONS})")
            path.unlink()
            path.with_suffix(".index").unlink()
    as_version_1(folder)
    return rows


def as_version_1(folder: Path) -> None:
    (folder / FORMAT_FILE).write_text(json.dumps({"version": 1}))


def move(folder: Path, source: int, target: int, condition: str) -> None:
    """Move records from one old segment to another, so that their stretches of lines overlap."""
    first, second = (folder / "segments" / f"{number:020d}.parquet" for number in (source, target))
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE first AS FROM '{first}'; CREATE TABLE second AS FROM '{second}'; "
            f"COPY (FROM second UNION ALL BY NAME FROM first WHERE {condition}) TO '{second}' ({OPTIONS}); "
            f"COPY (FROM first WHERE NOT ({condition})) TO '{first}' ({OPTIONS})"
        )


def assert_migrated(folder: Path, rows: list[Row], segments: int) -> None:
    for _ in range(2):
        with opened(folder) as store:
            assert store.rows() == rows
            assert len(store.segment_files()) == segments
        assert json.loads((folder / FORMAT_FILE).read_text()) == {"version": FORMAT_VERSION}
        found = verify(folder, lambda _done, _files: None)
        assert [checked.findings for checked in found if checked.state is not State.GOOD] == []


def test_every_record_comes_back_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(folder, monkeypatch, BATCHES)
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE FROM '{folder}/segments/*.parquet'").fetchall()
    assert not {TIMESTAMP_US, TIMESTAMP_NS} & {name for name, *_ in described}
    assert_migrated(folder, rows, 3)
    with opened(folder) as store:
        store.take({"message": "again", "uid": "u1"})
        store.take({"message": "again", "uid": "u2"})
        store.take({"message": "new"})
        assert len(store.rows()) == len(rows) + 1


def test_segments_that_overlap_or_enclose_others_become_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make(folder, monkeypatch, BATCHES)
    move(folder, 5, 1, "_seq = 5")
    (folder / "segments" / f"{5:020d}.parquet").unlink()
    assert_migrated(folder, rows, 1)


def test_a_record_in_two_segments_is_kept_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(folder, monkeypatch, BATCHES)
    move(folder, 3, 1, "_seq = 3")
    first, second = (folder / "segments" / f"{number:020d}.parquet" for number in (1, 3))
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE all_of AS FROM '{second}' UNION ALL BY NAME FROM '{first}' WHERE _seq = 3; "
            f"COPY all_of TO '{second}' ({OPTIONS})"
        )
    assert_migrated(folder, rows, 2)


def test_fields_that_differ_only_in_case_stay_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(
        folder,
        monkeypatch,
        [
            [{"message": "a", "Name_": 1, "x": {"y": 1}}, {"message": "b"}],
            [{"message": "c", "name_": "2", "X": None, "Größe \"'": 3}, {"message": "d"}],
            [{"message": "e"}],
        ],
    )
    move(folder, 3, 1, "_seq = 4")
    assert_migrated(folder, rows, 1)


@pytest.mark.parametrize("steps", range(8))
def test_a_crash_anywhere_loses_and_doubles_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    rows = make(folder, monkeypatch, BATCHES)
    move(folder, 3, 1, "_seq = 3")
    left = iter(range(steps))

    class CrashedError(BaseException):
        pass

    def crashing(name: str) -> None:
        real = getattr(Path, name)

        def step(*args: object, **kwargs: object) -> object:
            if next(left, None) is None:
                raise CrashedError
            return real(*args, **kwargs)

        patch.setattr(Path, name, step)

    with monkeypatch.context() as patch:
        crashing("replace")
        crashing("unlink")
        with pytest.raises(CrashedError):
            OpenedStore(folder)
    assert_migrated(folder, rows, 2)


def test_a_damaged_one_is_set_aside_and_the_others_are_migrated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make(folder, monkeypatch, BATCHES)
    damaged = folder / "segments" / f"{3:020d}.parquet"
    damaged.write_bytes(damaged.read_bytes()[:100])
    with opened(folder) as store:
        assert store.rows() == [row for row in rows if row["message"] not in {"c", "d"}]
    assert damaged.with_suffix(".parquet.damaged").exists()


def test_an_empty_store_is_migrated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(folder, monkeypatch, BATCHES[-1:])
    assert_migrated(folder, rows, 0)
