"""A record that comes again with the same uid is stored once."""

from pathlib import Path

import pytest

from aggregator import limits
from tests.aggregator.store.opened_store import opened, seal_each_batch


def test_once_within_a_batch(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take({"uid": "a", "message": "1"}, {"uid": "b", "message": "2"}, {"uid": "a", "message": "3"})
        assert store.messages() == ["1", "2"]
        assert store.loaded[0].duplicates == 1
        assert store.loaded[0].counts == [(None, None, 2)]


def test_once_over_batches_by_any_of_its_names(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take({"uid": "a", "message": "1"})
        store.take({"event.id": "a", "message": "2"}, {"event.id": "b", "message": "3"})
        store.take({"log.record.uid": "b", "message": "4"}, {"uid": "c", "message": "5"})
        assert store.messages() == ["1", "3", "5"]


def test_lines_of_one_document_are_not_one_line(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take({"_id": "a", "message": "1"}, {"_id": "a", "message": "2"})
        assert [row["message"] for row in store.rows("sent__id:a")] == ["1", "2"]


def test_once_in_large_batches(tmp_path: Path) -> None:
    lines = [{"uid": f"{number % 6000}", "message": "m"} for number in range(9000)]
    with opened(tmp_path) as store:
        store.take(*lines)
        store.take(*lines)
        assert store.store.size().rows == 6000


def test_once_over_a_restart_and_over_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as store:
        store.take({"uid": "a", "message": "1"})
    with opened(tmp_path) as store:
        store.take({"uid": "a", "message": "again"})
        seal_each_batch(monkeypatch)
        store.take({"uid": "b", "message": "2"})
        store.wait_until_sealed()
        store.take({"uid": "a", "message": "again"}, {"uid": "b", "message": "again"})
        store.wait_until_sealed()
    with opened(tmp_path) as store:
        store.take({"uid": "a", "message": "again"}, {"uid": "c", "message": "3"})
        assert store.messages() == ["1", "2", "3"]


def test_records_without_a_uid_are_all_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take({"message": "same"}, {"message": "same"}, {"uid": None}, {"uid": None})
        store.take({"uid": "", "message": "same"}, {"uid": "", "message": "same"}, {"message": "same"})
        assert len(store.rows()) == 7


def test_a_uid_is_forgotten_behind_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DUPLICATE_WINDOW_ROWS", 3)
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        for number in range(8):
            store.take({"uid": f"{number}", "message": f"{number}"})
        store.take({"uid": "7", "message": "again 7"}, {"uid": "6", "message": "again 6"})
        store.take({"uid": "0", "message": "again 0"})
        assert store.messages() == [*"01234567", "again 0"]
