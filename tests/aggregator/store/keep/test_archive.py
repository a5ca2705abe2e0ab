"""What would be deleted goes to the archive, whole and once, and can be searched there."""

import os
import shutil
import time
from pathlib import Path

import duckdb
import pytest

from aggregator import limits
from aggregator.query.parse import parse
from aggregator.store.keep.archive import Archive
from aggregator.store.keep.policy import Policy, Rule
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Count, Kind, Search, Selection
from aggregator.store.segments.verify import State, verify
from tests.aggregator.small_disk import MakeDisk, fill, make_disk
from tests.aggregator.store.opened_store import OpenedStore, Row, opened, seal_each_batch, wait_until

__all__ = ["make_disk"]  # a fixture from elsewhere

DAY_S = 24 * 3600
NOW_S = int(time.time())
DEBUG = Rule(2, level="DEBUG")


@pytest.fixture(autouse=True)
def _seal(monkeypatch: pytest.MonkeyPatch) -> None:
    seal_each_batch(monkeypatch)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    Archive(folder).prepare()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store"


def aged(message: str, days: float, **fields: object) -> Row:
    return {"message": message, "timestamp": NOW_S - int(days * DAY_S), **fields}


def take(store: OpenedStore, *batches: list[Row]) -> None:
    for batch in (*batches, [{"message": "last"}]):
        store.take(*batch)
    store.wait_until_sealed()


def policy(archive: Path, *rules: Rule, searched: bool = False) -> Policy:
    return Policy(30, None, rules, archive, archives=True, searches_archive=searched)


def archived(archive: Path) -> list[str]:
    """The messages in the archive, read as any tool reads them."""
    with duckdb.connect() as connection:
        return [
            message
            for path in sorted(archive.glob("*.parquet"))
            for (message,) in connection.read_parquet(str(path)).order("_seq").project("message").fetchall()
        ]


def test_whole_segments_are_moved_with_their_index(folder: Path, archive: Path) -> None:
    with opened(folder) as store:
        take(store, [aged("past", 40)], [aged("young", 1)])
        before = store.segment_files()[0].read_bytes()
        report = store.store.retain(policy(archive))
        assert (report.rows, report.segments, report.archived, report.failed) == (1, 1, 1, 0)
        assert store.messages() == ["young", "last"]
        (moved,) = archive.glob("*.parquet")
        assert moved.read_bytes() == before
        assert moved.with_suffix(".index").exists()
        assert list((archive / "pending").iterdir()) == []
        assert store.store.size().rows == 2


def test_records_that_go_by_a_rule_are_moved_and_nothing_else(folder: Path, archive: Path) -> None:
    with opened(folder) as store:
        take(store, [aged("debug", 3, level="debug", own=1), aged("info", 3, level="info", other=2)])
        report = store.store.retain(policy(archive, DEBUG))
        assert (report.rows, report.rewritten, report.archived) == (1, 1, 1)
        assert store.messages() == ["info", "last"]
        assert archived(archive) == ["debug"]
        # The rest of that segment goes later, beside what went before.
        report = store.store.retain(Policy(1, None, (DEBUG,), archive, archives=True))
        assert archived(archive) == ["debug", "info"]
    assert State.DAMAGED not in {checked.state for checked in verify(folder, lambda _done, _files: None)}


def test_the_archive_is_searched_when_told_and_never_touched(folder: Path, archive: Path) -> None:
    searched = policy(archive, searched=True)
    with opened(folder) as store:
        take(store, [aged("past", 40, own={"x": 1})], [aged("young", 1)])
        (before,) = store.rows("past")
        store.store.retain(policy(archive))
        assert store.rows("past") == []
        store.store.retain(searched)
        assert store.rows("past") == [before]
        assert store.messages() == ["past", "young", "last"]
        kinds = [part.kind for part in store.store.explain(Selection(parse("past"))).parts]
        assert kinds == [Kind.MEMORY, Kind.SEGMENT, Kind.ARCHIVED]
        size = store.store.size()
        assert (size.rows, size.segments) == (2, 1)
        files = {path: path.read_bytes() for path in archive.iterdir() if path.is_file()}
        assert store.store.retain(Policy(1, 1, (), archive, searches_archive=True)).rows == 1
        assert {path: path.read_bytes() for path in archive.iterdir() if path.is_file()} == files
        assert store.store.snapshots.take("a").segments == 0
        store.store.retain(policy(archive))
        assert store.messages() == ["last"]
    with opened(folder) as store:
        store.store.set_policy(searched)
        wait_until(lambda: not store.store.count(Selection(parse("")), Budget()).partial)
        assert store.messages() == ["past", "last"]
        assert store.store.last_seq == 3


def test_answers_are_partial_until_the_archive_is_open(folder: Path, archive: Path) -> None:
    with opened(folder) as store:
        take(store, [aged("past", 40)])
        store.store.retain(policy(archive))
    everything = Selection(parse(""))
    away = archive.rename(archive.with_name("away"))
    with opened(folder) as store:
        assert store.store.count(everything, Budget()) == Count(1, partial=False)
        store.store.set_policy(policy(archive, searched=True))
        assert store.store.count(everything, Budget()) == Count(1, partial=True)
        page = store.store.search(Search(parse(""), limit=10), Budget())
        assert (len(page.rows), page.next, page.partial) == (1, None, True)
        away.rename(archive)
        store.store.retain(policy(archive, searched=True))
        assert store.store.count(everything, Budget()) == Count(2, partial=False)
        store.store.set_policy(policy(archive))
        assert not store.store.count(everything, Budget()).partial


def test_an_archive_of_another_store_is_searched_and_not_told_as_news(
    tmp_path: Path, folder: Path, archive: Path
) -> None:
    with opened(folder) as store:
        take(store, *([aged(f"{number}", 40)] for number in range(3)))
        store.store.retain(policy(archive))
    with opened(tmp_path / "new" / "store") as store:
        store.take({"message": "own"})
        store.store.retain(policy(archive, searched=True))
        assert store.messages() == ["0", "1", "2", "own"]
        found, missed, reached = store.store.since(1, parse(""), 100)
        assert (found, missed, reached) == ([], 0, 1)


def test_a_missing_archive_takes_nothing_and_is_told(folder: Path, archive: Path) -> None:
    with opened(folder) as store:
        take(store, [aged("past", 40)])
        elsewhere = archive.rename(archive.with_name("unmounted"))
        archive.mkdir()
        report = store.store.retain(policy(archive, searched=True))
        assert (report.rows, report.failed) == (0, 0)
        assert [alert.code for alert in store.store.alerts] == ["archive_missing"]
        assert list(archive.iterdir()) == []
        archive.rmdir()
        elsewhere.rename(archive)
        assert store.store.retain(policy(archive, searched=True)).archived == 1
        assert store.store.alerts == []
        assert store.messages() == ["past", "last"]


def test_a_damaged_segment_is_set_aside_and_not_moved(folder: Path, archive: Path) -> None:
    with opened(folder) as store:
        take(store, [aged("past", 40)], [aged("past, too", 40)])
        damaged = store.segment_files()[0]
        content = bytearray(damaged.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        report = store.store.retain(policy(archive))
        assert (report.rows, report.failed) == (1, 1)
        assert archived(archive) == ["past, too"]
        assert store.set_aside == [damaged.with_suffix(".parquet.damaged")]
        assert store.store.retain(policy(archive)).failed == 0


def test_a_segment_of_another_store_is_not_overwritten(folder: Path, archive: Path) -> None:
    with opened(folder) as store:
        take(store, [aged("past", 40)])
        (name,) = (path.name for path in store.segment_files())
        (archive / name).write_bytes(b"theirs")
        assert store.store.retain(policy(archive)).failed == 1
        assert (archive / name).read_bytes() == b"theirs"
        assert store.messages() == ["past", "last"]


def test_another_file_system_gets_a_copy(folder: Path, make_disk: MakeDisk) -> None:
    disk = make_disk("size=4m")
    Archive(disk).prepare()
    with opened(folder) as store:
        take(store, [aged("past", 40)], [aged("debug", 3, level="debug"), aged("info", 3, level="info")])
        report = store.store.retain(policy(disk, DEBUG))
        assert (report.rows, report.archived, report.failed) == (2, 2, 0)
        assert archived(disk) == ["past", "debug"]


def test_a_full_archive_leaves_everything_where_it_is(folder: Path, make_disk: MakeDisk) -> None:
    disk = make_disk("size=1m")
    Archive(disk).prepare()
    fill(disk / "filler")
    with opened(folder) as store:
        take(store, [aged("past", 40)])
        assert store.store.retain(policy(disk)).failed == 1
        assert store.messages() == ["past", "last"]
        (disk / "filler").unlink()
        assert store.store.retain(policy(disk)).archived == 1
        assert archived(disk) == ["past"]


def test_on_a_nearly_full_disk_nothing_is_moved_within_it(make_disk: MakeDisk) -> None:
    disk = make_disk("size=8m")
    folder = disk / "archive"
    folder.mkdir()
    Archive(folder).prepare()
    with opened(disk / "data" / "store") as store:
        take(store, [aged("1", 1, text=os.urandom(200_000).hex())])
        room = store.store.retention.room
        (disk / "filler").write_bytes(bytes(room.free_bytes - room.reserve_bytes + 4096))
        report = store.store.retain(policy(folder))
        assert (report.rows, report.archived) == (1, 0)
        assert archived(folder) == []


class TestCrash:
    """The two moments at which a segment is in both places."""

    def test_before_the_original_is_gone_the_copy_goes(self, folder: Path, archive: Path) -> None:
        with opened(folder) as store:
            take(store, [aged("past", 40)])
            (path,) = store.segment_files()
        (archive / "pending").mkdir()
        shutil.copy(path, archive / "pending")
        with opened(folder) as store:
            store.store.retain(Policy(3650, None, (), archive, archives=True))
            assert list((archive / "pending").iterdir()) == []
            assert archived(archive) == []
            assert store.messages() == ["past", "last"]

    def test_after_the_original_is_gone_the_copy_stays(self, folder: Path, archive: Path) -> None:
        with opened(folder) as store:
            take(store, [aged("past", 40)])
            (path,) = store.segment_files()
        (archive / "pending").mkdir()
        shutil.copy(path, archive / "pending")
        shutil.copy(path.with_suffix(".index"), archive / "pending")
        path.unlink()
        with opened(folder) as store:
            store.store.retain(policy(archive, searched=True))
            assert archived(archive) == ["past"]
            assert store.messages() == ["past", "last"]

    def test_while_readers_hold_the_original_the_copy_waits(self, folder: Path, archive: Path) -> None:
        with opened(folder) as store:
            take(store, [aged("past", 40)])
            with store.store._catalogue.lease():
                assert store.store.retain(policy(archive)).archived == 1
                assert archived(archive) == []
                store.store.retain(policy(archive))
                assert archived(archive) == []
            store.store.retain(policy(archive))
            assert archived(archive) == ["past"]


def test_the_thread_archives_while_lines_come(
    folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DISK_CHECK_S", 0.01)
    monkeypatch.setattr(limits, "RETENTION_INTERVAL_S", 0.01)
    with opened(folder) as store:
        store.store.set_policy(policy(archive, searched=True))
        for number in range(30):
            store.take(aged(f"{number}", 40))
        store.take({"message": "last"})
        wait_until(lambda: len(archived(archive)) == 30)
        wait_until(lambda: len(store.messages()) == 31)
        assert store.messages() == [*(f"{number}" for number in range(30)), "last"]
