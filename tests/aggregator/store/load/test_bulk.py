"""Bulk loads: many lines at once go straight to a segment, and readers see no difference."""

from pathlib import Path

import duckdb
import pytest

from aggregator import limits
from aggregator.store.load import loader, uids
from aggregator.store.segments.segment import Draft
from tests.aggregator.store.opened_store import (
    WAIT_S,
    OpenedStore,
    Row,
    body,
    copy_running,
    opened,
    seal_each_batch,
    wait_until,
)

BULK = 10


@pytest.fixture(autouse=True)
def _small_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "BULK_ROWS", BULK)


def numbered(first: int, count: int = BULK) -> list[Row]:
    return [{"message": f"{number}"} for number in range(first, first + count)]


def messages(count: int) -> list[str]:
    return sorted(f"{number}" for number in range(count))


def _as_sent(row: Row) -> Row:
    """A record without what depends on the moment at which it came."""
    return {name: value for name, value in row.items() if name not in {"_id", "observed", "timestamp"}}


def test_many_lines_at_once_are_a_segment_as_soon_as_they_are_found(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take(*numbered(0))
        assert len(store.segment_files()) == 1
        assert sorted(store.messages()) == messages(BULK)
        assert store.store.size().rows == BULK


@pytest.mark.parametrize("longest", [1, 4096, 65_536])
@pytest.mark.parametrize("place", range(BULK))
def test_lines_come_back_whole_however_long_they_are(tmp_path: Path, longest: int, place: int) -> None:
    lengths = [longest + less for less in (-40, -2, -1, 0, 1, 2, longest)]
    long = [{"message": "x" * max(length - len(b'{"message":""}\n'), 0)} for length in lengths]
    sent = numbered(0, place) + long + numbered(place, BULK - place)
    with opened(tmp_path) as store:
        store.take(*sent)
        assert len(store.segment_files()) == 1
        assert sorted(store.messages()) == sorted(row["message"] for row in sent)


def test_few_lines_stay_in_memory(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take(*numbered(0, BULK - 1))
        assert not store.segment_files()


def test_large_and_small_loads_of_one_log_file_are_there_once_after_a_crash(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as store:
        store.take(*numbered(0, 3))
        store.take(*numbered(3))
        store.take(*numbered(13, 2))
        store.take(*numbered(15))
        store.take(*numbered(25, 1))
        # What a crash leaves: the files as they are now.
        copy_running(tmp_path / "store", tmp_path / "crashed")
    with opened(tmp_path / "crashed") as store:
        assert sorted(store.messages()) == messages(26)
        store.take(*numbered(26, 1))
        assert sorted(store.messages()) == messages(27)
        assert [row["_id"] for row in store.rows("26")] == ["27"]


def test_the_rest_of_a_log_file_becomes_a_segment_beside_those_of_its_large_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as store:
        store.take(*numbered(0))
        store.take(*numbered(10, 1))
        store.take(*numbered(11))
        store.take(*numbered(21, 1))
        seal_each_batch(monkeypatch)
        store.take(*numbered(22, 1))
        store.wait_until_sealed()
        assert store.segment_seqs() == [1, 11, 12, 22]
        assert sorted(store.messages()) == messages(23)
    with opened(tmp_path) as store:
        assert sorted(store.messages()) == messages(23)


def test_a_log_file_is_deleted_at_a_start_when_segments_have_all_of_it(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take(*numbered(0))
        (log_file,) = store.log_files()
    with opened(tmp_path) as store:
        assert log_file not in store.log_files()
        store.take(*numbered(10, 1))
        assert sorted(store.messages()) == messages(11)


def test_lines_that_parsers_disagree_about_are_kept_in_bulk_too(tmp_path: Path) -> None:
    deep = b'{"message": "deep", "nested": ' + b"[" * 200 + b"]" * 200 + b"}"
    twice = b'{"message": "twice", "a": 1, "a": 2}'
    with opened(tmp_path) as store:
        store.take(deep, twice, *numbered(0))
        assert len(store.segment_files()) == 1
        assert sorted(store.messages()) == sorted([*messages(BULK), "deep", "twice"])


def test_lines_with_a_uid_that_come_twice_in_bulk_are_stored_once(tmp_path: Path) -> None:
    lines: list[Row] = [{"message": f"{number}", "uid": f"u{number}"} for number in range(BULK)]
    with opened(tmp_path) as store:
        store.take(*lines)
        store.take(*lines)
        assert sorted(store.messages()) == messages(BULK)
        assert [loaded.duplicates for loaded in store.loaded] == [0, BULK]


def test_every_field_comes_back_from_bulk_as_from_memory(tmp_path: Path) -> None:
    line: Row = {
        "message": "m",
        "severity": "warn",
        "null": None,
        "Case": 1,
        "case": "2",
        "big": 12345678901234567890123,
        "nested": {"a": [1, None, {"b": "c"}], "dotted.key": 1.5},
        "source": "theirs",
        "a/b~c": True,
        "ts": "2026-11-23T10:00:00+01:00",
    }
    wide: Row = {f"field_{number}": number for number in range(400)}
    found = []
    for copies in (1, BULK):
        with opened(tmp_path / f"{copies}") as store:
            store.take(*([line] * copies), *([wide] * copies))
            first, *_, last = store.rows()
            found.append(
                [{k: v for k, v in row.items() if k not in {"_id", "observed"}} for row in (first, last)]
            )
            assert bool(store.segment_files()) is (copies == BULK)
    del found[0][1]["timestamp"], found[1][1]["timestamp"]
    assert found[0] == found[1]
    assert found[0][0].items() >= {"level": "WARNING", "null": None, "Case": 1, "case": "2"}.items()


def test_lines_stay_in_memory_while_segments_can_not_be_written(tmp_path: Path) -> None:
    store = OpenedStore(tmp_path)
    (tmp_path / "segments").rename(tmp_path / "elsewhere")
    store.take(*numbered(0))
    assert sorted(store.messages()) == messages(BULK)
    (tmp_path / "elsewhere").rename(tmp_path / "segments")
    store.store.close()
    with opened(tmp_path) as again:
        assert sorted(again.messages()) == messages(BULK)


def with_uids(first: int, count: int = BULK) -> list[Row]:
    return [{"message": f"{number}", "uid": f"u{number}"} for number in range(first, first + count)]


def test_lines_with_a_uid_are_a_segment_at_once_unless_some_came_before(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take(*with_uids(0))
        assert len(store.segment_files()) == 1
        store.take(*with_uids(5))
        assert len(store.segment_files()) == 1
        store.take(*with_uids(15, 3))
        assert sorted(store.messages()) == messages(18)
        store.take(*with_uids(12), *with_uids(12))
        assert sorted(store.messages()) == messages(22)
        assert [loaded.duplicates for loaded in store.loaded] == [0, 5, 0, 16]
        store.take(*with_uids(22), {"message": "32"}, {"message": "33", "uid": ""})
        assert len(store.segment_files()) >= 2
    assert not list((tmp_path / "segments").glob("*.tmp"))
    assert len(list((tmp_path / "segments").glob("*.index"))) == len(store.segment_files())
    with opened(tmp_path) as store:
        store.take(*with_uids(17))
        store.take(*with_uids(30, 2))
        assert len(store.rows()) == 22 + BULK + 2


def test_a_uid_that_comes_in_several_large_loads_at_once_is_stored_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SEAL_ROWS", BULK)
    with opened(tmp_path) as store:
        for number in range(12):
            # Each shares half of its lines with the one before.
            store.store.append(body(*with_uids(number * BULK // 2)), BULK, "http").result(WAIT_S)
        wait_until(lambda: store.store.last_seq == 12 * BULK)
        assert sorted(store.messages()) == messages(13 * BULK // 2)
        assert sum(loaded.duplicates for loaded in store.loaded) == 12 * BULK - 13 * BULK // 2
        copy_running(tmp_path, tmp_path / "crashed")
    with opened(tmp_path / "crashed") as store:
        assert sorted(store.messages()) == messages(13 * BULK // 2)


@pytest.mark.parametrize("step", ["replace", "remember"])
def test_lines_with_a_uid_stay_when_their_segment_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise duckdb.OutOfMemoryException(step) if step == "remember" else OSError(step)

    with opened(tmp_path) as store:
        with monkeypatch.context() as patch:
            if step == "remember":
                patch.setattr(uids, "remember", fail)
            else:
                patch.setattr(Draft, "publish", fail)
            store.take(*with_uids(0))
        assert sorted(store.messages()) == messages(BULK)
        store.take(*with_uids(BULK))
        assert sorted(store.messages()) == messages(2 * BULK)
