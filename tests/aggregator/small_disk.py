"""A small real file system, and how to fill it."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

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
