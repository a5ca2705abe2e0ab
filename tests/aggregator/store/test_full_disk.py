"""A full disk refuses lines and takes them again by itself when there is room."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TypeAlias

import pytest

from aggregator.errors import DiskFullError
from tests.aggregator.store.opened_store import WAIT_S, OpenedStore, body, opened, seal_each_batch

MakeDisk: TypeAlias = Callable[[str], Path]


@pytest.fixture
def make_disk(tmp_path: Path) -> Iterator[MakeDisk]:
    """Return what mounts a small file system with some options."""
    disk = tmp_path / "disk"

    def make(options: str) -> Path:
        disk.mkdir()
        mount = shutil.which("mount") or pytest.skip("there is no mount here")
        mounted = subprocess.run(
            [mount, "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("a small file system needs the right to mount it")
        return disk

    yield make
    umount = shutil.which("umount")
    if umount is not None and disk.is_mount():
        subprocess.run([umount, disk], check=True)


def fill(path: Path) -> None:
    """Use all bytes that are left."""
    with path.open("wb", buffering=0) as file:
        until_full(lambda: file.write(bytes(4096)))


def until_full(step: Callable[[], object]) -> None:
    """Do something until there is no room for it."""

    def repeat() -> None:
        for _ in range(10_000):
            step()

    with pytest.raises(OSError, match="No space left"):
        repeat()


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
