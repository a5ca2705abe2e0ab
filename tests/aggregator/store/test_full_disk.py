"""A full disk refuses lines and takes them again by itself when there is room."""

import os
from itertools import count

import pytest

from aggregator.errors import DiskFullError
from tests.aggregator.small_disk import MakeDisk, fill, make_disk, until_full
from tests.aggregator.store.opened_store import WAIT_S, OpenedStore, body, opened, seal_each_batch

__all__ = ["make_disk"]  # a fixture from elsewhere


def send(store: OpenedStore, message: str) -> None:
    store.store.append(body({"message": message}), 1, "http").result(WAIT_S)


def test_lines_are_refused_while_the_disk_is_full(make_disk: MakeDisk) -> None:
    disk = make_disk("size=1m")
    with opened(disk / "store") as store:
        store.take({"message": "before"})
        fill(disk / "filler")
        (log_file,) = store.log_files()
        size_bytes = log_file.stat().st_size
        incompressible = os.urandom(8192).hex()
        for _ in range(3):
            with pytest.raises(DiskFullError) as refused:
                send(store, incompressible)
        assert refused.value.status == 507
        assert "Retry-After" in refused.value.headers
        assert log_file.stat().st_size == size_bytes
        assert store.messages() == ["before"]

        (disk / "filler").unlink()
        store.take({"message": "after"})
        assert store.messages() == ["before", "after"]
    with opened(disk / "store") as store:
        assert store.messages() == ["before", "after"]
        assert store.damaged_bytes == []


def test_a_log_file_that_can_not_be_begun_is_begun_when_there_is_room(
    make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = make_disk("size=4m,nr_inodes=20")
    with opened(disk / "store") as store:
        store.take({"message": "before"})
        fillers = (disk / f"filler{number}" for number in count())
        until_full(lambda: next(fillers).touch())
        seal_each_batch(monkeypatch)
        for _ in range(2):
            with pytest.raises(DiskFullError):
                send(store, "refused")
        for filler in disk.glob("filler*"):
            filler.unlink()
        store.take({"message": "after"})
        assert store.messages() == ["before", "after"]
