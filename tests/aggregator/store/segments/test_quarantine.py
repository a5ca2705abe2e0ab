"""A damaged segment that a read meets is set aside; what is good stays, whatever the read met."""

import threading
from pathlib import Path

import duckdb
import pytest

from aggregator.query.parse import parse
from aggregator.store.keep.archive import Archive
from aggregator.store.keep.policy import Policy
from aggregator.store.part import Part
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Search
from aggregator.store.segments import quarantine
from aggregator.store.segments.rewrite import rewrite
from aggregator.store.segments.segment import Segment
from tests.aggregator.store.opened_store import OpenedStore, opened, seal_each_batch, wait_until


@pytest.fixture(autouse=True)
def _seal(monkeypatch: pytest.MonkeyPatch) -> None:
    seal_each_batch(monkeypatch)


def fill(store: OpenedStore) -> None:
    for number in range(3):
        store.take({"message": f"{number}", "timestamp": 1_600_000_000 + number})
    store.wait_until_sealed()


def parts(store: OpenedStore) -> list[Part]:
    with store.store._catalogue.lease() as found:
        return sorted(found, key=lambda part: part.first_seq)


def damage(path: Path) -> bytes:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    return bytes(content)


def test_a_damaged_segment_is_set_aside_and_reported(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as store:
        fill(store)
        first, *_ = parts(store)
        assert isinstance(first, Segment)
        content = damage(first.path)
        # As a reader does, which still holds it.
        with store.store._catalogue.lease():
            assert store.store.set_aside_if_damaged(first)
            assert store.store.set_aside_if_damaged(first)
        assert store.messages() == ["1", "2"]
        (aside,) = store.set_aside
        assert aside == first.path.with_suffix(".parquet.damaged")
        assert aside.read_bytes() == content
        assert not first.path.exists()
        assert not first.path.with_suffix(".index").exists()
        assert store.store.size().rows == 2
        store.store.retain(Policy(3650))
        assert [alert.code for alert in store.store.alerts] == ["segments_damaged"]
    with opened(tmp_path / "store") as store:
        assert store.messages() == ["1", "2"]
        assert aside.exists()


def test_a_missing_file_is_damage_too(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as store:
        fill(store)
        first, second, _ = parts(store)
        assert isinstance(first, Segment)
        first.path.unlink()
        assert store.store.set_aside_if_damaged(first)
        assert not store.store.set_aside_if_damaged(second)
        assert store.messages() == ["1", "2"]
        assert store.set_aside == []


def test_what_is_good_stays(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as store:
        fill(store)
        for part in parts(store):
            assert not store.store.set_aside_if_damaged(part)
        assert store.messages() == ["0", "1", "2"]
        assert store.set_aside == []


def test_a_read_does_not_wait_long_for_those_who_change_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "_PATIENCE_S", 0.05)
    with opened(tmp_path / "store") as store:
        fill(store)
        first, *_ = parts(store)
        assert isinstance(first, Segment)
        damage(first.path)
        with store.store._workspace.changing:
            assert store.store.set_aside_if_damaged(first)
            assert first.path.exists()
        assert store.store.set_aside_if_damaged(first)
        assert not first.path.exists()


def test_many_readers_set_it_aside_once(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as store:
        fill(store)
        first, *_ = parts(store)
        assert isinstance(first, Segment)
        damage(first.path)
        told: list[bool] = []
        threads = [
            threading.Thread(target=lambda: told.append(store.store.set_aside_if_damaged(first)))
            for _ in range(4)
        ]
        with store.store._catalogue.lease():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert told == [True] * 4
        assert len(store.set_aside) == 1


def test_a_damaged_archived_segment_is_shown_no_more_and_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    Archive(folder).prepare()
    policy = Policy(30, None, (), folder, archives=True, searches_archive=True)
    with opened(tmp_path / "data" / "store") as store:
        fill(store)
        store.store.retain(policy)
        wait_until(lambda: store.messages() == ["0", "1", "2"])
        path = min(folder.glob("*.parquet"))
        content = damage(path)
        damaged, good = (part for part in parts(store) if getattr(part, "path", folder).parent == folder)
        assert store.store.set_aside_if_damaged(damaged)
        assert store.store.set_aside_if_damaged(damaged)
        assert not store.store.set_aside_if_damaged(good)
        store.store.retain(policy)
        assert store.messages() == ["1", "2"]
        assert path.read_bytes() == content


def test_a_read_that_fails_in_a_damaged_segment_is_partial_and_the_next_one_goes_without_it(
    tmp_path: Path,
) -> None:
    with opened(tmp_path / "store") as store:
        fill(store)
        first, *_ = parts(store)
        assert isinstance(first, Segment)
        first.path.write_bytes(b"PAR1" + bytes(first.path.stat().st_size - 8) + b"PAR1")
        assert store.store.search(Search(parse("")), Budget()).partial
        assert len(store.set_aside) == 1
        assert store.messages() == ["1", "2"]


def test_a_segment_that_was_damaged_while_the_store_was_closed_is_not_even_opened(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as store:
        fill(store)
        first, *_ = parts(store)
        assert isinstance(first, Segment)
    damage(first.path)
    with opened(tmp_path / "store") as store:
        assert store.messages() == ["1", "2"]
        assert first.path.with_suffix(".parquet.damaged").exists()


def test_a_damaged_segment_is_not_made_into_another_one(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as store:
        fill(store)
    with opened(tmp_path / "store") as store:
        first, second, _ = parts(store)
        assert isinstance(first, Segment)
        assert isinstance(second, Segment)
        first.is_whole = False
        damage(first.path)
        with pytest.raises(duckdb.Error, match="damaged"):
            rewrite(store.store._workspace, [first, second])
