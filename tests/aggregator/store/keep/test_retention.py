"""Retention takes away what the policy no longer keeps, and nothing else."""

import os
import time
from pathlib import Path

import duckdb
import pytest

from aggregator import limits
from aggregator.store.keep.policy import Policy, Rule
from aggregator.store.keep.removal import Cause, Report
from tests.aggregator.small_disk import MakeDisk, make_disk
from tests.aggregator.store.opened_store import OpenedStore, Row, opened, seal_each_batch, wait_until

__all__ = ["make_disk"]  # a fixture from elsewhere

DAY_S = 24 * 3600
NOW_S = int(time.time())


@pytest.fixture(autouse=True)
def _seal(monkeypatch: pytest.MonkeyPatch) -> None:
    seal_each_batch(monkeypatch)


def aged(message: str, days: float, **fields: object) -> Row:
    return {"message": message, "timestamp": NOW_S - int(days * DAY_S), **fields}


def take(store: OpenedStore, *batches: list[Row]) -> None:
    """Make a segment of each batch, and leave one more line in the log."""
    for batch in (*batches, [{"message": "last"}]):
        store.take(*batch)
    store.wait_until_sealed()


def causes(report: Report) -> list[tuple[Cause, Rule | None, int]]:
    return [(item.cause, item.rule, item.rows) for item in report.removed]


def last_run(store: OpenedStore) -> Report | None:
    return store.store.retention.last


def next_run_ns(store: OpenedStore) -> int | None:
    return store.store.retention.next_ns


class TestAge:
    def test_segments_wholly_past_their_days_go_with_their_files(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(store, [aged("past", 11)], [aged("within", 9)], [aged("young", 0)])
            assert store.store.retain(Policy(days=12)).rows == 0
            report = store.store.retain(Policy(days=10))
            assert (report.rows, report.segments, report.rewritten) == (1, 1, 0)
            assert store.segment_seqs() == [2, 3]
            assert len(list((tmp_path / "segments").glob("*.index"))) == 2
            assert set(store.messages()) == {"within", "young", "last"}
            assert store.store.retain(Policy(days=10)).rows == 0
        with opened(tmp_path) as store:
            assert set(store.messages()) == {"within", "young", "last"}

    def test_a_few_past_records_stay_until_half_of_their_segment_is_past(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(store, [aged("a", 11), aged("b", 5), aged("c", 0)])
            before = store.segment_files()
            assert store.store.retain(Policy(days=10)).rows == 0
            assert store.segment_files() == before
            report = store.store.retain(Policy(days=4))
            assert (report.rows, report.segments, report.rewritten) == (2, 0, 1)
            assert store.messages() == ["c", "last"]
            assert len(store.segment_files()) == 1
        with opened(tmp_path) as store:
            assert store.messages() == ["c", "last"]

    def test_lines_that_a_start_would_load_again_are_left(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            store.take(aged("in the log", 99))
            assert store.store.retain(Policy(days=1)).rows == 0
            assert store.messages() == ["in the log"]

    def test_a_segment_whose_log_file_still_has_its_lines_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "SEAL_ROWS", 10**6)
        lines = [aged(f"{number}", 99) for number in range(20_000)]
        with opened(tmp_path) as store:
            store.take(*lines)
            wait_until(lambda: len(store.segment_files()) == 1)
            assert store.store.retain(Policy(days=1)).rows == 0
            assert store.store.size().rows == 20_000

    def test_what_an_empty_store_loses_is_nothing(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            assert store.store.retain(Policy(days=1)).rows == 0
            size = store.store.size()
            assert (size.rows, size.segments, size.first_ns, size.last_ns) == (0, 0, None, None)


class TestRules:
    DEBUG = Rule(2, level="DEBUG")
    API_ERRORS = Rule(180, level="ERROR", service="data-api")
    NOISY = Rule(5, service="noisy")

    def test_each_record_is_kept_as_long_as_the_first_rule_that_matches_says(self, tmp_path: Path) -> None:
        policy = Policy(30, None, (self.DEBUG, self.API_ERRORS, self.NOISY))
        mixed = [
            aged("debug of the api", 3, level="debug", service="data-api"),
            aged("debug of noisy", 3, level="debug", service="noisy"),
            aged("info of noisy", 3, level="info", service="noisy"),
            aged("error of the api", 3, level="error", service="data-api"),
            aged("no level", 3, service="data-api"),
            aged("nothing", 3),
        ]
        old = [
            aged("error of noisy, old", 100, level="error", service="noisy"),
            aged("error of the api, old", 100, level="error", service="data-api"),
            aged("info of the api, old", 100, level="info", service="data-api"),
        ]
        older = [aged("error of the api, too old", 181, level="error", service="data-api")]
        with opened(tmp_path) as store:
            take(store, mixed, old, older)
            report = store.store.retain(policy)
            assert set(store.messages()) == {
                *(row["message"] for row in mixed[2:]),
                "error of the api, old",
                "last",
            }
            assert (report.segments, report.rewritten, report.failed) == (1, 2, 0)
            assert sorted(causes(report), key=str) == sorted(
                [
                    (Cause.AGE, self.DEBUG, 2),
                    (Cause.AGE, self.NOISY, 1),
                    (Cause.AGE, None, 1),
                    (Cause.AGE, self.API_ERRORS, 1),
                ],
                key=str,
            )
            assert report.size_bytes > 0
            before = store.segment_files()
            assert store.store.retain(policy).rows == 0
            assert store.segment_files() == before
            assert store.messages("noisy") == ["info of noisy"]
        with opened(tmp_path) as store:
            assert len(store.messages()) == 6

    def test_fields_of_records_that_stay_are_kept_exactly(self, tmp_path: Path) -> None:
        kept = aged("kept", 3, level="info", own={"deep": [1, 2.5, None]}, big=10**30, text="ü")
        with opened(tmp_path) as store:
            take(store, [kept, aged("gone", 3, level="debug", other=1)])
            (before,) = store.rows("kept")
            assert store.store.retain(Policy(30, None, (self.DEBUG,))).rewritten == 1
            assert store.rows("kept") == [before]

    def test_few_records_of_a_rule_go_when_all_of_them_are_past(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(
                store,
                [
                    aged("gone", 3, level="debug"),
                    *(aged(f"{number}", 3, level="info") for number in range(50)),
                ],
            )
            assert store.store.retain(Policy(30, None, (self.DEBUG,))).rows == 1

    def test_a_segment_is_not_written_again_while_some_of_a_rule_are_young(self, tmp_path: Path) -> None:
        others = [aged(f"{number}", 1, level="info") for number in range(5)]
        with opened(tmp_path) as store:
            take(store, [aged("a", 3, level="debug"), aged("b", 1, level="debug"), *others])
            assert store.store.retain(Policy(30, None, (self.DEBUG,))).rows == 0
            assert len(store.messages("level:debug")) == 2


class TestSize:
    def test_the_oldest_go_until_the_store_is_small_enough(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(store, *([aged(f"{number}", number)] for number in (3, 5, 4, 2)))
            size_bytes = store.store.size().size_bytes
            report = store.store.retain(Policy(3650, size_bytes - 1))
            assert causes(report) == [(Cause.SIZE, None, 1)]
            assert store.messages() == ["4", "3", "2", "last"]
            report = store.store.retain(Policy(3650, 1))
            assert report.rows == 3
            assert store.messages() == ["last"]

    def test_what_is_small_enough_stays(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(store, [aged("1", 1)])
            assert store.store.retain(Policy(3650, store.store.size().size_bytes)).rows == 0


class TestPreview:
    def test_it_says_what_a_run_then_does_and_touches_nothing(self, tmp_path: Path) -> None:
        policy = Policy(30, None, (Rule(2, level="DEBUG"),))
        with opened(tmp_path) as store:
            take(
                store,
                [aged("a", 3, level="debug"), aged("b", 3, level="info")],
                [aged("c", 40, level="info")],
                [aged("d", 1, level="debug")],
            )
            before = {path: path.read_bytes() for path in store.segment_files()}
            preview = store.store.preview_retention(policy)
            assert {path: path.read_bytes() for path in store.segment_files()} == before
            assert last_run(store) is None
            report = store.store.retain(policy)
            assert causes(preview) == causes(report)
            assert (preview.rows, preview.segments, preview.rewritten) == (2, 1, 1)
            for said, done in zip(preview.removed, report.removed, strict=True):
                assert (said.first_ns, said.last_ns) == (done.first_ns, done.last_ns)
            assert last_run(store) == report
            assert store.store.preview_retention(policy).rows == 0

    def test_it_finds_what_a_run_found_not_yet_due(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(store, [aged("a", 5), aged("b", 0), aged("c", 0)])
            assert store.store.retain(Policy(days=4)).rows == 0
            assert store.store.preview_retention(Policy(30, None, (Rule(1, service="s"),))).rows == 0
            assert store.store.preview_retention(Policy(30, 1)).rows == 3


class TestThread:
    def test_a_policy_is_applied_when_it_is_set(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(store, [aged("past", 11)])
            assert next_run_ns(store) is None
            store.store.set_policy(Policy(days=10))
            wait_until(lambda: store.messages() == ["last"])
            wait_until(lambda: store.store.retention.last_removal is not None)
            next_ns = next_run_ns(store)
            assert next_ns is not None
            assert next_ns > time.time_ns() + (limits.RETENTION_INTERVAL_S - 60) * 10**9

    def test_it_is_applied_again_and_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "DISK_CHECK_S", 0.01)
        monkeypatch.setattr(limits, "RETENTION_INTERVAL_S", 0.01)
        with opened(tmp_path) as store:
            store.store.set_policy(Policy(days=10))
            take(store, [aged("past", 11)])
            wait_until(lambda: store.messages() == ["last"])

    def test_a_segment_that_can_not_be_read_is_told_and_the_others_go(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            take(
                store,
                [aged("a", 40, level="info"), aged("b", 1, level="info")],
                [aged("past", 40, level="info")],
            )
            damaged, _ = store.segment_files()
            damaged.write_bytes(bytes(damaged.stat().st_size))
            report = store.store.retain(Policy(30))
            assert report.failed == 1
            assert report.segments == 1
            assert store.set_aside == [damaged.with_suffix(".parquet.damaged")]
            assert [alert.code for alert in store.store.alerts] == ["retention_failed"]
            assert store.store.retain(Policy(30)).failed == 0
            assert [alert.code for alert in store.store.alerts] == ["segments_damaged"]

    def test_a_log_that_was_set_aside_is_told_of(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            log = store.log_files()[0]
            log.with_name(f"{log.name}.276.damaged").touch()
            store.store.retain(Policy(30))
            assert [alert.code for alert in store.store.alerts] == ["log_damaged"]


class TestNearlyFullDisk:
    def test_the_oldest_go_and_lines_are_taken(
        self, make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "DISK_CHECK_S", 0.02)
        disk = make_disk("size=4m")
        with opened(disk / "store") as store:
            take(store, *([aged(f"{number}", number, text="x" * 100)] for number in (4, 3, 2, 1)))
            store.store.set_policy(Policy(3650))
            wait_until(lambda: store.store.retention.last is not None)
            assert store.store.alerts == []
            assert len(store.messages()) == 5

            state = store.store.retention
            size_bytes = store.segment_files()[0].stat().st_size
            room = state.room.free_bytes - state.room.reserve_bytes
            (disk / "filler").write_bytes(bytes(room + size_bytes // 2))
            wait_until(lambda: store.store.retention.last_removal is not None)
            wait_until(lambda: not store.store.retention.room.missing_bytes)
            left = store.messages()
            assert left == ["4", "3", "2", "1", "last"][-len(left) :]
            assert 2 <= len(left) <= 4
            (alert,) = store.store.alerts
            assert alert.code == "disk_nearly_full"
            assert "oldest logs are removed" in alert.message
            store.take({"message": "taken"})
            assert store.messages()[-1] == "taken"

    def test_intake_goes_on_for_longer_than_the_disk_has_room(
        self, make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "DISK_CHECK_S", 0.02)
        monkeypatch.setattr(limits, "SEAL_ROWS", 5)
        batches = 70
        disk = make_disk("size=2m")
        with opened(disk / "store") as store:
            store.store.set_policy(Policy(3650))
            for number in range(batches):
                store.take({"message": f"{number}", "text": os.urandom(40_000).hex()})
            found = store.messages()
            assert 0 < len(found) < batches
            assert found == [f"{number}" for number in range(batches)][-len(found) :]
            assert store.store.failure is None

    def test_without_anything_old_it_is_told_and_nothing_fails(
        self, make_disk: MakeDisk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "DISK_CHECK_S", 0.02)
        disk = make_disk("size=4m")
        with opened(disk / "store") as store:
            store.take({"message": "a"})
            store.store.set_policy(Policy(3650))
            room = store.store.retention.room
            (disk / "filler").write_bytes(bytes(room.free_bytes - room.reserve_bytes + 8192))
            wait_until(lambda: [alert.code for alert in store.store.alerts] == ["disk_nearly_full"])
            assert store.messages() == ["a"]
            (disk / "filler").unlink()
            wait_until(lambda: store.store.alerts == [])


def test_a_failed_write_leaves_the_segment_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise duckdb.OutOfMemoryException("no memory")

    with opened(tmp_path) as store:
        take(store, [aged("a", 40), aged("b", 1)])
        with monkeypatch.context() as patch:
            patch.setattr("aggregator.store.keep.retention.rewrite", refuse)
            assert store.store.retain(Policy(30)).failed == 1
        assert store.messages() == ["a", "b", "last"]
        assert store.store.retain(Policy(30)).rows == 1
        assert store.store.alerts == []
