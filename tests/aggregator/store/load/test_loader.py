"""Loading: small batches that come close together are loaded together, and no failure ends it."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from aggregator import limits
from aggregator.store.load import loader, sealer
from aggregator.store.load.loaded import Loaded
from aggregator.store.load.recent import RecentRows
from aggregator.store.log.frame import Batch
from tests.aggregator.store.opened_store import (
    WAIT_S,
    OpenedStore,
    Row,
    body,
    opened,
    seal_each_batch,
    wait_until,
)


def test_batches_that_come_within_the_interval_share_a_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.5)
    with opened(tmp_path) as store:
        store.take({"message": "first"})
        started_s = time.monotonic()
        for number in range(10):
            store.store.append(body({"message": f"{number}"}), 1, "http").result(WAIT_S)
        wait_until(lambda: store.store.last_seq == 11)
        assert time.monotonic() - started_s < 2
        assert len(store.messages()) == 11
        assert len(store.loaded) == 2


def test_a_batch_after_the_interval_is_loaded_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 30.0)
    with opened(tmp_path) as store:
        store.take({"message": "first"})
        assert store.messages() == ["first"]


def test_a_store_that_closes_loads_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 30.0)
    with opened(tmp_path) as store:
        store.take({"message": "first"})
        store.store.append(body({"message": "second"}), 1, "http").result(WAIT_S)
    assert [loaded.last_seq for loaded in store.loaded] == [1, 2]


def send(store: OpenedStore, *batches: Sequence[Row], source: str = "http") -> None:
    """Send batches without waiting until they can be found."""
    for batch in batches:
        store.store.append(body(*batch), len(batch), source).result(WAIT_S)


def numbered(first: int, count: int) -> list[Row]:
    return [{"message": f"{number}"} for number in range(first, first + count)]


@pytest.mark.parametrize("held_bytes", [0, 40, limits.HELD_BYTES])
def test_lines_that_are_not_held_in_memory_are_read_from_their_log_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_bytes: int
) -> None:
    monkeypatch.setattr(limits, "HELD_BYTES", held_bytes)
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.2)
    monkeypatch.setattr(limits, "SEAL_ROWS", 50)
    monkeypatch.setattr(loader, "BULK_ROWS", 10)
    with opened(tmp_path) as store:
        for round_number in range(3):
            first = 60 * round_number
            send(store, numbered(first, 1), numbered(first + 1, 4), numbered(first + 5, 55))
        wait_until(lambda: store.store.last_seq == 180)
        assert sorted(map(int, store.messages())) == list(range(180))
        assert store.loaded[-1].last_seq == 180
        assert sum(loaded.rows for loaded in store.loaded) == 180


@pytest.fixture(autouse=True)
def _soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_RETRY_S", 0.05)
    monkeypatch.setattr(sealer, "_RETRY_S", 0.05)


@pytest.fixture(params=[MemoryError, duckdb.OutOfMemoryException, OSError, ValueError])
def failure(request: pytest.FixtureRequest) -> type[Exception]:
    """What may go wrong: foreseen or not."""
    kind: type[Exception] = request.param
    return kind


def test_what_can_not_be_loaded_together_is_loaded_in_smaller_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.3)
    tried: list[int] = []
    load = RecentRows.load

    def fail_if_large(rows: RecentRows, frames: Sequence[Batch]) -> Loaded:
        tried.append(len(frames))
        if len(frames) > 2:
            raise failure("too much")
        return load(rows, frames)

    monkeypatch.setattr(RecentRows, "load", fail_if_large)
    with opened(tmp_path) as store:
        store.take({"message": "first"})
        send(store, *(numbered(number, 1) for number in range(9)))
        wait_until(lambda: store.store.last_seq == 10)
        assert sorted(store.messages()) == sorted(["first", *map(str, range(9))])
    assert max(tried) > 2
    assert [loaded.last_seq for loaded in store.loaded] == sorted(loaded.last_seq for loaded in store.loaded)
    assert sum(loaded.rows for loaded in store.loaded) == 10


def test_a_load_that_fails_half_way_is_tried_again_and_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[Exception],
) -> None:
    failures = [failure("half way"), failure("again")]
    count = Loaded.count

    def fail_at_first(
        connection: duckdb.DuckDBPyConnection, added: str, frames: Sequence[Batch], duplicates: int
    ) -> Loaded:
        if failures:
            raise failures.pop()
        return count(connection, added, frames, duplicates)

    monkeypatch.setattr(Loaded, "count", fail_at_first)
    with opened(tmp_path) as store:
        store.take({"message": "1", "uid": "a", "field": 1}, {"message": "2", "uid": "a"})
        store.take({"message": "3", "uid": "b"})
        assert store.messages() == ["1", "3"]
    assert not failures
    with opened(tmp_path) as store:
        assert store.messages() == ["1", "3"]


def test_a_segment_that_can_not_be_written_at_once_goes_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    monkeypatch.setattr(loader, "BULK_ROWS", 10)

    def fail(*_: object) -> None:
        raise failure("no segment")

    monkeypatch.setattr(loader, "write_bulk", fail)
    with opened(tmp_path) as store:
        store.take(*numbered(0, 20))
        store.take(*numbered(20, 20))
        assert sorted(map(int, store.messages())) == list(range(40))
        assert not store.segment_files()


def test_rows_in_memory_become_a_segment_when_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = RecentRows.load

    def fail_beside_others(rows: RecentRows, frames: Sequence[Batch]) -> Loaded:
        if rows.rows:
            raise MemoryError
        return load(rows, frames)

    monkeypatch.setattr(RecentRows, "load", fail_beside_others)
    with opened(tmp_path) as store:
        for number in range(4):
            store.take({"message": f"{number}"})
        wait_until(lambda: len(store.segment_files()) == 3)
        assert store.messages() == ["0", "1", "2", "3"]


def test_few_long_lines_are_a_segment_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_LONG_BYTES", 10_000)
    with opened(tmp_path) as store:
        store.take(*({"message": f"{number} {'x' * 2000}"} for number in range(5)))
        assert len(store.segment_files()) == 1
        store.take(*numbered(5, 3))
        assert len(store.segment_files()) == 1
        assert [message.partition(" ")[0] for message in store.messages()] == [*"01234567"]


def test_large_loads_that_have_to_go_into_memory_do_not_stay_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_each_batch(monkeypatch)
    monkeypatch.setattr(loader, "BULK_ROWS", 10)
    both = threading.Barrier(2)

    def write_together(*_: object) -> None:
        both.wait(WAIT_S)

    monkeypatch.setattr(loader, "write_bulk", write_together)
    with opened(tmp_path) as store:
        for number in range(10):
            send(store, numbered(20 * number, 20))
        wait_until(lambda: store.store.last_seq == 200)
        store.wait_until_sealed()
        assert store.segment_seqs() == [20 * number + 1 for number in range(9)]
        assert sorted(map(int, store.messages())) == list(range(200))


def test_loads_of_several_log_files_do_not_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.5)
    monkeypatch.setattr(limits, "SEAL_AGE_S", 0)
    with opened(tmp_path) as store:
        store.take({"message": "0"})
        send(store, *(numbered(number, 1) for number in range(1, 6)))
        wait_until(lambda: store.store.last_seq == 6)
        assert len(store.loaded) == 2
        store.wait_until_sealed()
        assert store.segment_seqs() == [1, 2]
        assert store.messages() == [*"012345"]
