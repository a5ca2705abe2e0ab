"""Verifying names every damaged file, and changes none."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from aggregator.errors import StoreFailedError
from aggregator.store.files import FORMAT_FILE, FORMAT_VERSION
from aggregator.store.segments.verify import Checked, State, verify
from tests.aggregator.running_aggregator import ADDON
from tests.aggregator.store.opened_store import opened, seal_each_batch

Damage: TypeAlias = Callable[[Path], Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stopped store of two segments and a log file."""
    with monkeypatch.context() as patch, opened(tmp_path / "store") as store:
        seal_each_batch(patch)
        for number in range(3):
            store.take({"message": f"{number}"}, {"message": f"{number}, too", "own": number})
        store.wait_until_sealed()
    return tmp_path / "store"


def check(folder: Path) -> dict[str, Checked]:
    before = contents(folder)
    found = {checked.path.name: checked for checked in verify(folder, lambda _done, _files: None)}
    assert contents(folder) == before
    return found


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "segments").glob("*.parquet"))


def log_file(folder: Path) -> Path:
    (found,) = (folder / "log").glob("*.log")
    return found


def flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x40
    path.write_bytes(content)


def test_a_good_store_is_good(folder: Path) -> None:
    found = check(folder)
    assert {checked.state for checked in found.values()} == {State.GOOD}
    assert [found[path.name].rows for path in segments(folder)] == [2, 2]
    assert found[log_file(folder).name].rows == 2
    assert len(found) == 6


def test_every_flipped_bit_of_a_segment_is_found(folder: Path) -> None:
    path = segments(folder)[0]
    content = path.read_bytes()
    for offset in range(0, len(content), len(content) // 7):
        flip(path, offset)
        found = check(folder)
        assert [name for name, checked in found.items() if checked.state is State.DAMAGED] == [path.name]
        path.write_bytes(content)
    assert check(folder)[path.name].state is State.GOOD


def cut_segment(folder: Path) -> Path:
    path = segments(folder)[1]
    os.truncate(path, path.stat().st_size // 2)
    return path


def cut_segment_without_index(folder: Path) -> Path:
    path = cut_segment(folder)
    path.with_suffix(".index").unlink()
    return path


def flip_index(folder: Path) -> Path:
    path = segments(folder)[0].with_suffix(".index")
    flip(path, 20)
    return path


def flip_log(folder: Path) -> Path:
    with opened(folder) as store:
        store.take({"message": "more"})
    path = log_file(folder)
    flip(path, 60)
    return path


def rename_segment(folder: Path) -> Path:
    first = segments(folder)[0]
    renamed = first.with_name(f"{100:020d}-{101:020d}-0000.parquet")
    first.with_suffix(".index").rename(renamed.with_suffix(".index"))
    return first.rename(renamed)


def copy_segment(folder: Path) -> Path:
    first = segments(folder)[0]
    copy = first.with_name(f"{1:020d}-{5:020d}-0000.parquet")
    shutil.copy(first, copy)
    shutil.copy(first.with_suffix(".index"), copy.with_suffix(".index"))
    return copy


def garble_version(folder: Path) -> Path:
    (folder / FORMAT_FILE).write_text("{")
    return folder / FORMAT_FILE


def remove_version(folder: Path) -> Path:
    (folder / FORMAT_FILE).unlink()
    return folder / FORMAT_FILE


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (cut_segment, "bytes; "),
        (cut_segment_without_index, "can't be read"),
        (flip_index, "next start makes it again"),
        (flip_log, "can't be read"),
        (rename_segment, "its name does not say"),
        (copy_segment, "has too"),
        (garble_version, "can't be read"),
        (remove_version, "is missing"),
    ],
)
def test_damage_is_named(folder: Path, damage: Damage, told: str) -> None:
    path = damage(folder)
    found = check(folder)
    assert found[path.name].state is State.DAMAGED
    assert told in " ".join(found[path.name].findings)


def test_what_the_next_start_tidies_up_is_no_damage(folder: Path) -> None:
    first = segments(folder)[0]
    later = first.with_name(f"{1:020d}-{2:020d}-0001.parquet")
    shutil.copy(first, later)
    shutil.copy(first.with_suffix(".index"), later.with_suffix(".index"))
    segments(folder)[-1].with_suffix(".index").unlink()
    (folder / "segments" / "half.parquet.tmp").touch()
    (folder / "segments" / f"{90:020d}-{91:020d}-0000.index").write_bytes(
        first.with_suffix(".index").read_bytes()
    )
    with log_file(folder).open("ab") as log:
        log.write(b"HIF1torn")
    found = check(folder)
    noted = {name for name, checked in found.items() if checked.state is State.NOTED}
    assert {checked.state for checked in found.values()} == {State.GOOD, State.NOTED}
    assert noted == {
        first.name,
        segments(folder)[-1].name,
        "half.parquet.tmp",
        f"{90:020d}-{91:020d}-0000.index",
        log_file(folder).name,
    }
    with opened(folder) as store:
        assert len(store.messages()) == 6
    left = [name for name, checked in check(folder).items() if checked.state is not State.GOOD]
    assert [Path(name).suffix for name in left] == [".damaged"]


def test_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreFailedError, match="no store"):
        verify(tmp_path / "nothing", lambda _done, _files: None)
    assert not (tmp_path / "nothing").exists()


class TestCommand:
    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "aggregator", "verify", *arguments],
            env=os.environ | {"PYTHONPATH": str(ADDON)},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_a_good_store_exits_with_0(self, folder: Path) -> None:
        done = self.run("--data", str(folder.parent))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "6 good, 0 noted, 0 damaged"
        assert sum(".parquet" in line for line in done.stdout.splitlines()) == 2

    def test_a_damaged_one_exits_with_1_and_names_the_file(self, folder: Path) -> None:
        damaged = cut_segment(folder)
        table = self.run("--data", str(folder))
        assert table.returncode == 1
        assert damaged.name in table.stdout.splitlines()[-2]
        found: dict[str, Any] = json.loads(self.run("--data", str(folder), "--json").stdout)
        assert found["counts"] == {"good": 5, "noted": 0, "damaged": 1}
        assert [file["file"] for file in found["files"] if file["state"] == "damaged"] == [
            f"segments/{damaged.name}"
        ]

    def test_no_store_exits_with_2(self, tmp_path: Path) -> None:
        done = self.run("--data", str(tmp_path / "nothing"))
        assert done.returncode == 2
        assert "no store" in done.stderr

    def test_a_store_of_a_newer_version_exits_with_2(self, folder: Path) -> None:
        (folder / FORMAT_FILE).write_text(f'{{"version": {FORMAT_VERSION + 1}}}')
        done = self.run("--data", str(folder.parent))
        assert (done.returncode, done.stdout) == (2, "")
        assert f"has format {FORMAT_VERSION + 1}; this version reads {FORMAT_VERSION}" in done.stderr


def test_an_older_format_is_noted(folder: Path) -> None:
    (folder / FORMAT_FILE).write_text('{"version": 1}')
    assert check(folder)[FORMAT_FILE].state is State.NOTED
