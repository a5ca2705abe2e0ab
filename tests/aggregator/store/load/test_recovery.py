"""A start after anything that may have happened to the files."""

import json
import shutil
import time
from pathlib import Path

import duckdb
import pytest

from aggregator import limits
from aggregator.errors import StoreFailedError
from aggregator.store.keep.policy import Policy
from aggregator.store.load import loader, recall, replay
from tests.aggregator.store.opened_store import (
    WAIT_S,
    OpenedStore,
    Row,
    body,
    copy_running,
    opened,
    seal_each_batch,
    wait_until,
)


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of two segments (messages 0 and 1) and a log file (message 2)."""
    with monkeypatch.context() as patch, opened(tmp_path / "store") as store:
        seal_each_batch(patch)
        for number in range(3):
            store.take({"message": f"{number}", "level": "error", "service": "s"})
        store.wait_until_sealed()
    return tmp_path / "store"


def test_nothing_changes_over_a_restart(sealed: Path) -> None:
    with opened(sealed) as store:
        before = store.rows()
        size = store.store.size()
        assert [row["message"] for row in before] == ["0", "1", "2"]
        assert (size.rows, size.segments) == (3, 2)
        assert store.store.last_seq == 3
    with opened(sealed) as store:
        assert store.rows() == before
        assert store.store.size() == size
        assert store.damaged_bytes == []


@pytest.mark.parametrize("read_rows", [1_000_000, 1, 0])
def test_what_services_did_lately_is_known_after_a_restart(
    sealed: Path, monkeypatch: pytest.MonkeyPatch, read_rows: int
) -> None:
    monkeypatch.setattr(recall, "_READ_ROWS", read_rows)
    with opened(sealed) as store:
        activity = store.store.activity.snapshot(time.time())
    assert activity["s"].errors_last_hour == 3


def test_numbers_go_on_after_a_restart(sealed: Path) -> None:
    with opened(sealed) as store:
        store.take({"message": "3"})
        assert [row["_id"] for row in store.rows()] == ["1", "2", "3", "4"]


def test_numbers_are_not_given_again_after_everything_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        store.take({"message": "old", "timestamp": 1_600_000_000})
        store.take({"message": "old", "timestamp": 1_600_000_000})
        store.wait_until_sealed()
        assert store.store.retain(Policy(days=1)).rows == 1
    for log_file in (tmp_path / "log").glob("*.log"):
        assert int(log_file.stem) == 2
    with opened(tmp_path) as store:
        store.take({"message": "new"})
        assert store.rows("new")[0]["_id"] == "3"


def test_half_written_segments_go(sealed: Path) -> None:
    leftover = sealed / "segments" / "00000000000000000009.parquet.tmp"
    leftover.write_bytes(b"PAR1half")
    with opened(sealed) as store:
        assert store.messages() == ["0", "1", "2"]
    assert not leftover.exists()


def test_a_log_file_beside_its_segment_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "store"
    with opened(folder) as store:
        store.take({"message": "0"})
        copy = Path(shutil.copy(store.log_files()[0], tmp_path))
        with monkeypatch.context() as patch:
            seal_each_batch(patch)
            store.take({"message": "1"})
            store.wait_until_sealed()
    shutil.copy(copy, folder / "log")
    with opened(folder) as store:
        assert store.messages() == ["0", "1"]
        assert not (folder / "log" / copy.name).exists()


@pytest.mark.parametrize("damage", ["empty", "garbage", "cut off", "no file format"])
def test_a_damaged_segment_is_set_aside_while_the_others_serve(sealed: Path, damage: str) -> None:
    first, second = sorted((sealed / "segments").glob("*.parquet"))
    content = first.read_bytes()
    damaged = {
        "empty": b"",
        "garbage": bytes(len(content)),
        "cut off": content[: len(content) // 2],
        "no file format": b"hello",
    }[damage]
    first.write_bytes(damaged)
    with opened(sealed) as store:
        assert store.messages() == ["1", "2"]
        store.take({"message": "3"})
        assert store.messages() == ["1", "2", "3"]
    (aside,) = (sealed / "segments").glob("*.damaged")
    assert aside.read_bytes() == damaged
    assert second.exists()


def test_a_parquet_file_of_someone_else_is_set_aside(sealed: Path) -> None:
    foreign = sealed / "segments" / "00000000000000000100.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS number) TO '{foreign}' (FORMAT parquet)")
    with opened(sealed) as store:
        assert store.messages() == ["0", "1", "2"]
    assert not foreign.exists()


def test_a_torn_end_is_cut_off_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take({"message": "0"})
        (log_file,) = store.log_files()
        whole = log_file.stat().st_size
        store.take({"message": "1"})
    content = log_file.read_bytes()
    for size in (whole + 1, whole + 20, len(content) - 1):
        log_file.write_bytes(content[:size])
        with opened(tmp_path) as store:
            assert store.messages() == ["0"]
            assert log_file.stat().st_size == whole
    with opened(tmp_path) as store:
        store.take({"message": "2"})
        assert store.messages() == ["0", "2"]
    with opened(tmp_path) as store:
        assert store.messages() == ["0", "2"]
        assert store.damaged_bytes == []


def test_damage_within_the_log_is_reported_and_kept_aside(tmp_path: Path) -> None:
    ends = []
    with opened(tmp_path) as store:
        (log_file,) = store.log_files()
        for number in range(3):
            store.take({"message": f"{number}"})
            ends.append(log_file.stat().st_size)
    content = bytearray(log_file.read_bytes())
    content[ends[0] + 10] ^= 0xFF
    log_file.write_bytes(content)
    with opened(tmp_path) as store:
        assert store.messages() == ["0", "2"]
        assert store.damaged_bytes == [ends[1] - ends[0]]
        store.take({"message": "3"})
        assert store.messages() == ["0", "2", "3"]
    (aside,) = (tmp_path / "log").glob("*.damaged")
    assert aside.read_bytes() == content[ends[0] : ends[1]]


def test_a_log_file_that_is_nothing_but_garbage_costs_nothing_else(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (log_file,) = store.log_files()
    log_file.write_bytes(b"\x00" * 5000)
    with opened(tmp_path) as store:
        assert store.messages() == []
        store.take({"message": "0"})
    with opened(tmp_path) as store:
        assert store.messages() == ["0"]


def test_a_store_of_a_newer_version_is_refused_untouched(sealed: Path) -> None:
    (sealed / "format.json").write_text(json.dumps({"version": 3}))
    (sealed / "segments" / "new.parquet.tmp").write_bytes(b"theirs")
    before = {path: path.read_bytes() for path in sealed.rglob("*") if path.is_file()}
    with (
        pytest.raises(StoreFailedError, match=r"format 3; this version reads 2\. Nothing was changed"),
        opened(sealed),
    ):
        pass
    assert {path: path.read_bytes() for path in sealed.rglob("*") if path.is_file()} == before


def test_many_full_log_files_become_segments_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_each_batch(monkeypatch)
    store = OpenedStore(tmp_path)
    (tmp_path / "segments").rename(tmp_path / "elsewhere")
    for number in range(9):
        store.store.append(body({"message": f"{number}"}), 1, "http").result(WAIT_S)
    store.store.close()
    (tmp_path / "elsewhere").rename(tmp_path / "segments")
    with opened(tmp_path) as again:
        assert again.messages() == [f"{number}" for number in range(9)]
        again.wait_until_sealed()
        assert again.messages() == [f"{number}" for number in range(9)]


def backlog(folder: Path, batches: int, lines: int) -> list[str]:
    """Leave a store whose lines are in many log files and in no segment; return their messages."""
    store = OpenedStore(folder)
    (folder / "segments").rename(folder / "elsewhere")
    messages = []
    for batch in range(batches):
        rows: list[Row] = [
            {"message": f"{batch}.{line}", "uid": f"{batch}.{line}", "service": "s"} for line in range(lines)
        ]
        messages += [row["message"] for row in rows]
        store.store.append(body(*rows), lines, "http").result(WAIT_S)
    store.store.close()
    (folder / "elsewhere").rename(folder / "segments")
    return messages


@pytest.mark.parametrize("held_bytes", [0, limits.HELD_BYTES])
@pytest.mark.parametrize("bulk_rows", [10, 16_384])
def test_a_start_does_not_wait_for_a_long_backlog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bulk_rows: int, held_bytes: int
) -> None:
    with monkeypatch.context() as patch:
        seal_each_batch(patch)
        messages = backlog(tmp_path, 12, 20)
    monkeypatch.setattr(replay, "_REPLAY_S", 0.0)
    monkeypatch.setattr(limits, "HELD_BYTES", held_bytes)
    monkeypatch.setattr(loader, "BULK_ROWS", bulk_rows)
    with opened(tmp_path) as store:
        # New lines and lines that come again wait in order behind the backlog.
        new: list[Row] = [{"message": "new", "uid": "new"}, {"message": "again", "uid": "3.7"}]
        store.store.append(body(*new), 2, "http").result(WAIT_S)
        wait_until(lambda: store.store.last_seq == len(messages) + 2)
        assert store.messages() == [*messages, "new"]
        assert [row["_id"] for row in store.rows("new")] == [str(len(messages) + 1)]
        store.take({"message": "again", "uid": "0.0"}, {"message": "last"})
        assert store.messages() == [*messages, "new", "last"]
    monkeypatch.setattr(replay, "_REPLAY_S", 3.0)
    with opened(tmp_path) as store:
        assert store.messages() == [*messages, "new", "last"]
        assert store.store.last_seq == len(messages) + 4


def test_a_crash_while_a_backlog_is_loaded_leaves_every_line_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        seal_each_batch(patch)
        messages = backlog(tmp_path / "store", 12, 20)
    monkeypatch.setattr(replay, "_REPLAY_S", 0.0)
    with opened(tmp_path / "store") as store:
        for number in range(5):
            # What a crash leaves: the files as they are now.
            copy_running(tmp_path / "store", tmp_path / f"crashed{number}")
            time.sleep(0.01)
    monkeypatch.setattr(replay, "_REPLAY_S", 3.0)
    for number in range(5):
        with opened(tmp_path / f"crashed{number}") as store:
            wait_until(lambda: store.store.last_seq >= len(messages))
            assert store.messages() == messages


def test_an_index_without_its_segment_goes(sealed: Path) -> None:
    first, _ = sorted((sealed / "segments").glob("*.parquet"))
    first.unlink()
    with opened(sealed) as store:
        assert store.messages() == ["1", "2"]
    assert not first.with_suffix(".index").exists()
    assert len(list((sealed / "segments").glob("*.index"))) == len(store.segment_files())


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "changed"])
def test_indexes_are_made_again_at_a_start(sealed: Path, damage: str) -> None:
    indexes = sorted((sealed / "segments").glob("*.index"))
    assert len(indexes) == 2
    before = [path.read_bytes() for path in indexes]
    for path, data in zip(indexes, before, strict=True):
        match damage:
            case "missing":
                path.unlink()
            case "changed":
                path.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
            case _:
                path.write_bytes(data[: len(data) // 2] if damage == "cut off" else b"")
    with opened(sealed) as store:
        assert store.messages() == ["0", "1", "2"]
        assert store.store.size().rows == 3
    assert [path.read_bytes() for path in indexes] == before


def test_numbers_go_on_behind_a_segment_whose_lines_left_the_log_before_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "BULK_ROWS", 10)
    with opened(tmp_path) as store:
        store.take({"message": "older"})
        store.take(*({"message": f"{number}"} for number in range(10)))
        (log_file,) = store.log_files()
        frames = log_file.read_bytes()
        wait_until(lambda: len(store.segment_files()) == 2)
    # As if a crash had come between the two segments, and the log had its first frame only.
    (first, _) = store.segment_files()
    first.unlink()
    log_file.write_bytes(frames[: frames.index(b"HIF1", 4)])
    with opened(tmp_path) as store:
        store.take({"message": "new"})
        assert [row["_id"] for row in store.rows("new")] == ["12"]
        assert len({row["_id"] for row in store.rows()}) == 12
