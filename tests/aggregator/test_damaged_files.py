"""Damaged files keep their contents under another name, and are counted."""

from pathlib import Path

from aggregator import damaged_files


def test_a_file_that_was_set_aside_keeps_its_contents(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"\xff")
    assert damaged_files.set_aside(path, "no JSON") == tmp_path / "settings.json.damaged"
    assert not path.exists()
    assert (tmp_path / "settings.json.damaged").read_bytes() == b"\xff"


def test_the_latest_of_the_same_name_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "id"
    for content in (b"first", b"second"):
        path.write_bytes(content)
        damaged_files.set_aside(path, "no ID")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"second"]


def test_all_below_a_folder_are_counted(tmp_path: Path) -> None:
    assert damaged_files.count(tmp_path) == 0
    (tmp_path / "store").mkdir()
    for name in ("id.damaged", "store/1.damaged", "store/1.parquet", "damaged"):
        (tmp_path / name).touch()
    assert damaged_files.count(tmp_path) == 2
