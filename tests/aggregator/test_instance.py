"""The aggregator's ID."""

from pathlib import Path

from aggregator.instance import read_or_make


def test_an_id_is_made_once_and_kept(tmp_path: Path) -> None:
    made = read_or_make(tmp_path / "id")
    assert len(bytes.fromhex(made)) == 16
    assert read_or_make(tmp_path / "id") == made


def test_two_aggregators_have_different_ids(tmp_path: Path) -> None:
    assert read_or_make(tmp_path / "one") != read_or_make(tmp_path / "two")
