"""The write-ahead log: what is acknowledged is on the disk, and what is not is said so."""

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import limits
from aggregator.errors import OverloadedError, StoreFailedError
from aggregator.store.log import commit
from tests.aggregator.running_aggregator import ADDON
from tests.aggregator.store.opened_store import WAIT_S, OpenedStore, body, opened, wait_until

READ_LINES = """
import sys
from pathlib import Path
from aggregator.store.log.frame import decode_all
for frame in decode_all(Path(sys.argv[1]).read_bytes()):
    sys.stdout.buffer.write(frame.lines)
"""


class HeldSync:
    """Holds the disk's syncs while it is closed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._open = threading.Event()
        self._open.set()
        self.waiting = threading.Event()
        sync = os.fdatasync

        def held(descriptor: int) -> None:
            if not self._open.is_set():
                self.waiting.set()
            assert self._open.wait(WAIT_S)
            sync(descriptor)

        monkeypatch.setattr(os, "fdatasync", held)

    def close(self, store: OpenedStore) -> None:
        """Hold the next sync, and let the store run into it."""
        self._open.clear()
        self.first = store.store.append(body({"message": "first"}), 1, "http")
        assert self.waiting.wait(WAIT_S)

    def open(self) -> None:
        """Let all syncs through."""
        self._open.set()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpenedStore]:
    with opened(tmp_path / "store") as store:
        yield store


@pytest.fixture
def held_sync(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldSync]:
    held = HeldSync(monkeypatch)
    yield held
    held.open()


def test_another_process_reads_what_was_acknowledged(store: OpenedStore) -> None:
    lines = body(*({"message": f"line {number}"} for number in range(100)))
    store.store.append(lines, 100, "http").result(WAIT_S)

    (log_file,) = store.log_files()
    read = subprocess.run(
        [sys.executable, "-c", READ_LINES, log_file],
        env={"PYTHONPATH": str(ADDON)},
        capture_output=True,
        check=True,
    )
    assert read.stdout == lines


def test_nothing_is_acknowledged_before_it_is_synced(store: OpenedStore, held_sync: HeldSync) -> None:
    held_sync.close(store)
    time.sleep(0.05)
    assert not held_sync.first.done()
    assert store.rows() == []

    held_sync.open()
    held_sync.first.result(WAIT_S)
    wait_until(lambda: store.messages() == ["first"])


def test_lines_that_wait_together_share_one_sync(store: OpenedStore, held_sync: HeldSync) -> None:
    held_sync.close(store)
    waiting = [
        store.store.append(body({"message": f"line {number}"}), 1, f"source{number % 2}")
        for number in range(10)
    ]
    held_sync.open()
    for future in waiting:
        future.result(WAIT_S)

    assert len(store.syncs) == 2
    wait_until(lambda: len(store.rows()) == 11)
    assert {row["source"] for row in store.rows("line")} == {"source0", "source1"}


def test_a_sender_that_went_away_hurts_nobody_else(store: OpenedStore, held_sync: HeldSync) -> None:
    held_sync.close(store)
    gone = store.store.append(body({"message": "gone"}), 1, "http")
    other = store.store.append(body({"message": "other"}), 1, "http")
    assert gone.cancel()
    held_sync.open()
    other.result(WAIT_S)

    wait_until(lambda: "other" in store.messages())
    assert store.messages() == ["first", "other"]


def test_a_batch_of_senders_that_all_went_away_is_nothing(store: OpenedStore, held_sync: HeldSync) -> None:
    held_sync.close(store)
    assert store.store.append(body({"message": "gone"}), 1, "http").cancel()
    held_sync.open()
    held_sync.first.result(WAIT_S)

    store.store.append(body({"message": "later"}), 1, "http").result(WAIT_S)
    wait_until(lambda: store.messages() == ["first", "later"])


def test_too_much_waiting_is_refused_until_it_is_written(
    store: OpenedStore, held_sync: HeldSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = body({"message": "x" * 100})
    monkeypatch.setattr(limits, "PENDING_BYTES", 3 * len(line))
    held_sync.close(store)
    waiting = [store.store.append(line, 1, "http") for _ in range(3)]
    with pytest.raises(OverloadedError) as refused:
        store.store.append(line, 1, "http")
    assert refused.value.status == 503
    assert "Retry-After" in refused.value.headers

    held_sync.open()
    for future in waiting:
        future.result(WAIT_S)
    store.store.append(line, 1, "http").result(WAIT_S)
    wait_until(lambda: len(store.rows()) == 5)


def test_one_body_larger_than_what_may_wait_is_taken_when_nothing_waits(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PENDING_BYTES", 10)
    store.take({"message": "larger than that"})
    assert store.messages() == ["larger than that"]


@pytest.mark.parametrize(
    ("limit", "value"),
    [("SEAL_ROWS", 5), ("SEAL_BYTES", len(body({"message": "00"}) * 5)), ("SEAL_AGE_S", 0.0)],
)
def test_a_full_log_file_is_followed_by_a_new_one(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(limits, limit, value)
    names = set()
    for number in range(20):
        store.store.append(body({"message": f"{number:02}"}), 1, "http").result(WAIT_S)
        names |= {int(path.stem) for path in store.log_files()}

    assert names == (set(range(1, 21)) if limit == "SEAL_AGE_S" else {1, 6, 11, 16})
    wait_until(lambda: store.store.last_seq == 20)
    assert store.messages() == [f"{number:02}" for number in range(20)]


def test_a_log_file_that_was_begun_goes_on_after_a_restart(tmp_path: Path) -> None:
    for number in range(3):
        with opened(tmp_path) as store:
            store.take({"message": f"{number}"})
            assert [int(path.stem) for path in store.log_files()] == [1]
    with opened(tmp_path) as store:
        assert store.messages() == ["0", "1", "2"]
        assert [row["_id"] for row in store.rows()] == ["1", "2", "3"]


def test_what_was_taken_before_the_end_is_written(tmp_path: Path, held_sync: HeldSync) -> None:
    store = OpenedStore(tmp_path)
    held_sync.close(store)
    waiting = [store.store.append(body({"message": f"{number}"}), 1, "http") for number in range(5)]
    closing = threading.Thread(target=store.store.close)
    closing.start()
    held_sync.open()
    closing.join()

    assert all(future.done() and future.exception() is None for future in waiting)
    with pytest.raises(OverloadedError):
        store.store.append(body({"message": "late"}), 1, "http")
    with opened(tmp_path) as again:
        assert again.messages() == ["first", "0", "1", "2", "3", "4"]


class TestInjectedSyncFailure:
    """The kernel's answer to a failing disk is injected: a real one can't be had here."""

    @pytest.fixture
    def failing(self, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
        def fail(_descriptor: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(os, "fdatasync", fail)
        return monkeypatch

    def test_nothing_is_acknowledged_and_nothing_more_is_taken(
        self, tmp_path: Path, failing: pytest.MonkeyPatch
    ) -> None:
        with opened(tmp_path) as store:
            with pytest.raises(StoreFailedError, match="Input/output error"):
                store.store.append(body({"message": "lost"}), 1, "http").result(WAIT_S)
            failing.undo()
            with pytest.raises(StoreFailedError):
                store.store.append(body({"message": "after"}), 1, "http")
            assert isinstance(store.store.failure, StoreFailedError)
            assert store.rows() == []

    def test_a_restart_takes_lines_again_and_kept_the_old_ones(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        with opened(tmp_path) as store:
            store.take({"message": "before"})
            failing: pytest.MonkeyPatch = request.getfixturevalue("failing")
            with pytest.raises(StoreFailedError):
                store.store.append(body({"message": "unsure"}), 1, "http").result(WAIT_S)
            assert failing is monkeypatch
            failing.undo()
        with opened(tmp_path) as store:
            store.take({"message": "after"})
            assert [text for text in store.messages() if text != "unsure"] == ["before", "after"]


def test_lines_for_which_memory_is_short_are_refused_and_later_ones_taken(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> bytes:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(commit, "encode", fail)
        refused = store.store.append(body({"message": "refused"}), 1, "http")
        with pytest.raises(OverloadedError, match="nothing was stored"):
            refused.result(WAIT_S)
    store.take({"message": "taken"})
    assert store.messages() == ["taken"]
