"""Snapshots hold every line up to one, whatever the store does meanwhile, and a store can be made of them."""

import os
import threading
import time
from pathlib import Path

import pytest

from aggregator import limits
from aggregator.errors import ConflictError, InvalidFieldError, NotFoundError
from aggregator.store.keep.policy import Policy
from aggregator.store.keep.restore import restore
from aggregator.store.segments.verify import State, verify
from tests.aggregator.small_disk import MakeDisk, make_disk
from tests.aggregator.store.opened_store import OpenedStore, body, opened, seal_each_batch, wait_until

__all__ = ["make_disk"]  # a fixture from elsewhere

OLD_S = 1_600_000_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def states(folder: Path) -> set[State]:
    return {checked.state for checked in verify(folder, lambda _done, _files: None)}


def fill(store: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three segments and a log file of one line each."""
    with monkeypatch.context() as patch:
        seal_each_batch(patch)
        for number in range(4):
            store.take({"message": f"{number}", "timestamp": OLD_S + number})
        store.wait_until_sealed()


def test_a_snapshot_is_a_store_that_shares_segments(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(data / "store") as store:
        fill(store, monkeypatch)
        taken = store.store.snapshots.take("first")
        assert (taken.name, taken.last_seq, taken.segments) == ("first", 4, 3)
        assert taken.size_bytes > 0
        folder = data / "snapshots" / "first"
        assert states(folder) == {State.GOOD}
        for path in store.segment_files():
            assert path.stat().st_ino == (folder / "segments" / path.name).stat().st_ino
        (log_file,) = store.log_files()
        assert log_file.stat().st_ino != (folder / "log" / log_file.name).stat().st_ino
        store.take({"message": "later"})
    with opened(folder) as again:
        assert again.messages() == ["0", "1", "2", "3"]


def test_retention_and_later_lines_leave_it_alone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(data / "store") as store:
        fill(store, monkeypatch)
        store.store.snapshots.take("first")
        assert store.store.retain(Policy(days=1)).rows == 3
        store.take({"message": "later"})
        assert store.messages() == ["3", "later"]
    restored = restore(data / "snapshots" / "first", data, replace=True)
    assert restored.aside is not None
    with opened(restored.folder) as store:
        assert store.messages() == ["0", "1", "2", "3"]
        store.take({"message": "new"})
        assert store.rows("new")[0]["_id"] == "5"
    with opened(restored.aside) as store:
        assert store.messages() == ["3", "later"]
    assert states(data / "snapshots" / "first") == {State.GOOD}


def test_snapshots_under_load_hold_each_line_once_up_to_the_last(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SEAL_ROWS", 40)
    stopped = threading.Event()
    with opened(data / "store") as store:

        def send() -> None:
            number = 0
            while not stopped.is_set():
                store.store.append(body({"message": f"{number}"}), 1, "http").result(10)
                number += 1

        def compact() -> None:
            while not stopped.is_set():
                store.store._compactor.compact()
                time.sleep(0.01)

        threads = [threading.Thread(target=send), threading.Thread(target=compact)]
        for thread in threads:
            thread.start()
        try:
            for number in range(5):
                wait_until(lambda: store.store.last_seq > 60 * (number + 1))  # noqa: B023 - called at once
                store.store.snapshots.take(f"s{number}")
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
        taken = store.store.snapshots.taken()
    assert [snapshot.name for snapshot in taken] == [f"s{number}" for number in range(5)]
    for snapshot in taken:
        folder = data / "snapshots" / snapshot.name
        assert State.DAMAGED not in states(folder)
        with opened(folder) as store:
            expected = [f"{number}" for number in range(snapshot.last_seq)]
            assert store.messages() == expected


def test_they_are_listed_by_age_and_deleted_by_name(data: Path) -> None:
    with opened(data / "store") as store:
        snapshots = store.store.snapshots
        assert snapshots.taken() == []
        named = snapshots.take(None)
        assert named.name.endswith("Z")
        snapshots.take("a")
        assert [snapshot.name for snapshot in snapshots.taken()] == [named.name, "a"]
        with pytest.raises(ConflictError, match="there is a snapshot a"):
            snapshots.take("a")
        snapshots.delete(named.name)
        assert [snapshot.name for snapshot in snapshots.taken()] == ["a"]
        assert [path.name for path in (data / "snapshots").iterdir()] == ["a"]
        with pytest.raises(NotFoundError):
            snapshots.delete(named.name)


@pytest.mark.parametrize(
    "name", ["..", ".", "../store", "a/b", "/etc", "a.tmp", "", " ", "ü", "x" * 65, "a\n"]
)
def test_a_name_that_is_a_path_is_refused(data: Path, name: str) -> None:
    with opened(data / "store") as store:
        store.take({"message": "kept"})
        with pytest.raises(InvalidFieldError):
            store.store.snapshots.delete(name)
        if name:
            with pytest.raises(InvalidFieldError):
                store.store.snapshots.take(name)
        assert store.messages() == ["kept"]


def test_there_are_not_more_than_may_be(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOTS", 1)
    with opened(data / "store") as store:
        store.store.snapshots.take("a")
        with pytest.raises(ConflictError, match="as many as may be"):
            store.store.snapshots.take("b")


def test_what_was_not_finished_goes_at_the_start(data: Path) -> None:
    unfinished = data / "snapshots" / "a.tmp"
    (unfinished / "segments").mkdir(parents=True)
    with opened(data / "store") as store:
        assert store.store.snapshots.taken() == []
        assert not unfinished.exists()


def test_a_store_with_lines_is_only_replaced_when_told(data: Path) -> None:
    with opened(data / "store") as store:
        store.take({"message": "in the snapshot"})
        store.store.snapshots.take("a")
        store.take({"message": "later"})
    with pytest.raises(ConflictError, match="--replace"):
        restore(data / "snapshots" / "a", data, replace=False)
    with opened(data / "store") as store:
        assert store.messages() == ["in the snapshot", "later"]


def test_an_empty_store_and_a_missing_one_are_filled(data: Path, tmp_path: Path) -> None:
    with opened(data / "store") as store:
        store.take({"message": "in the snapshot"})
        store.store.snapshots.take("a")
    for target in (tmp_path / "missing", tmp_path / "empty"):
        if target.name == "empty":
            with opened(target / "store"):
                pass
        restore(data / "snapshots" / "a", target, replace=False)
        with opened(target / "store") as store:
            assert store.messages() == ["in the snapshot"]


def test_settings_come_with_a_snapshot_where_there_are_none(data: Path, tmp_path: Path) -> None:
    settings = data / "settings.json"
    with opened(data / "store") as store:
        store.take({"message": "kept"})
        store.store.snapshots.take("without")
        settings.write_text('{"retention_days":365}')
        store.store.snapshots.take("with")
    assert states(data / "snapshots" / "with") == {State.GOOD}
    elsewhere = tmp_path / "elsewhere"
    assert restore(data / "snapshots" / "with", elsewhere, replace=False).has_settings
    assert (elsewhere / "settings.json").read_text() == '{"retention_days":365}'
    assert not restore(data / "snapshots" / "without", tmp_path / "bare", replace=False).has_settings
    settings.write_text('{"retention_days":7}')
    assert not restore(data / "snapshots" / "with", data, replace=True).has_settings
    assert settings.read_text() == '{"retention_days":7}'


def test_what_is_no_snapshot_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        restore(tmp_path, data, replace=True)
    assert not data.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_the_owner_of_the_data_folder_owns_what_root_restores(data: Path, tmp_path: Path) -> None:
    with opened(data / "store") as store:
        store.take({"message": "a"})
        store.store.snapshots.take("a")
    target = tmp_path / "target"
    target.mkdir()
    os.chown(target, 8480, 8480)
    restore(data / "snapshots" / "a", target, replace=False)
    assert {path.stat().st_uid for path in (target / "store").rglob("*")} == {8480}
    assert {path.stat().st_uid for path in (data / "snapshots").rglob("*")} == {0}


def test_they_go_first_when_the_disk_is_nearly_full(
    make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = make_disk("size=8m")
    with opened(disk / "store") as store:
        fill(store, monkeypatch)
        store.take({"message": "x", "text": os.urandom(300_000).hex()})
        store.store.snapshots.take("a")
        store.store.snapshots.take("b")
        room = store.store.retention.room
        (disk / "filler").write_bytes(bytes(room.free_bytes - room.reserve_bytes + 4096))
        report = store.store.retain(Policy(3650))
        assert report.rows == 0
        assert [snapshot.name for snapshot in store.store.snapshots.taken()] == ["b"]
