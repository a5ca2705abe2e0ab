"""The aggregator's ID."""

from pathlib import Path

import pytest

from aggregator.instance import read_or_make


def test_an_id_is_made_once_and_kept(tmp_path: Path) -> None:
    made = read_or_make(tmp_path / "id")
    assert len(bytes.fromhex(made)) == 16
    assert read_or_make(tmp_path / "id") == made


def test_two_aggregators_have_different_ids(tmp_path: Path) -> None:
    assert read_or_make(tmp_path / "one") != read_or_make(tmp_path / "two")


@pytest.mark.parametrize("content", [b"\xff", b"0123", b"g" * 32, b"0" * 33])
def test_a_damaged_file_is_set_aside_and_a_new_id_is_made(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "id"
    path.write_bytes(content)
    made = read_or_make(path)
    assert len(bytes.fromhex(made)) == 16
    assert read_or_make(path) == made
    assert (tmp_path / "id.damaged").read_bytes() == content


def test_an_empty_file_is_a_first_start(tmp_path: Path) -> None:
    (tmp_path / "id").touch()
    assert len(read_or_make(tmp_path / "id")) == 32
    assert [file.name for file in tmp_path.iterdir()] == ["id"]
