"""Sealing: full log files become Parquet segments that any tool reads, and nothing changes for readers."""

import threading
from pathlib import Path

import duckdb
import pytest

from aggregator import limits
from aggregator.store.load import sealer
from tests.aggregator.store.opened_store import WAIT_S, OpenedStore, body, opened, seal_each_batch, wait_until


def test_a_full_log_file_becomes_a_segment_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        for number in range(4):
            store.take({"message": f"{number}"})
        store.wait_until_sealed()
        assert [int(path.stem) for path in store.log_files()] == [4]
        assert store.segment_seqs() == [1, 2, 3]
        assert store.messages() == ["0", "1", "2", "3"]


def test_a_segment_is_a_plain_parquet_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as store:
        # More lines than share a table, then a few: both kinds of tables make up the segment.
        store.take(*({"message": "line", "number": number} for number in range(10_000)))
        store.take({"message": "last", "other": {"a": [1]}})
        seal_each_batch(monkeypatch)
        store.take({"message": "next"})
        store.wait_until_sealed()
        (segment,) = store.segment_files()
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT _seq, message, number, other FROM read_parquet(?) ORDER BY _seq", [str(segment)]
        )
        found = rows.fetchall()
    assert found[:10_000] == [(number + 1, "line", f"{number}", None) for number in range(10_000)]
    assert found[10_000:] == [(10_001, "last", None, '{"a":[1]}')]


def test_rows_are_found_once_while_they_become_a_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        counts = list[int]()
        done = threading.Event()

        def count() -> None:
            while not done.is_set():
                reached = store.store.last_seq
                rows = store.rows()
                assert len({row["_id"] for row in rows}) == len(rows)
                counts.append(len(rows) - reached)

        reader = threading.Thread(target=count)
        reader.start()
        for number in range(25):
            store.take({"message": f"{number}"})
        done.set()
        reader.join()
        assert counts
        assert min(counts) >= 0


def test_a_store_ends_at_once_while_segments_can_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_each_batch(monkeypatch)
    store = OpenedStore(tmp_path)
    (tmp_path / "segments").rename(tmp_path / "elsewhere")
    for number in range(8):
        store.store.append(body({"message": f"{number}"}), 1, "http").result(WAIT_S)
    wait_until(lambda: len(store.rows()) >= 3)
    closing = threading.Thread(target=store.store.close, daemon=True)
    closing.start()
    closing.join(WAIT_S)
    assert not closing.is_alive()

    (tmp_path / "elsewhere").rename(tmp_path / "segments")
    with opened(tmp_path) as again:
        assert again.messages() == [f"{number}" for number in range(8)]


def test_a_segment_that_can_not_be_written_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "_RETRY_S", 0.05)
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        (tmp_path / "segments").rename(tmp_path / "elsewhere")
        store.take({"message": "first"})
        store.take({"message": "second"})
        assert store.messages() == ["first", "second"]
        assert store.store.size().segments == 0
        (tmp_path / "elsewhere").rename(tmp_path / "segments")
        store.wait_until_sealed()
        assert store.messages() == ["first", "second"]


def test_rows_become_a_segment_when_no_more_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEAL_IDLE_S", 0.05)
    monkeypatch.setattr(limits, "SEAL_IDLE_ROWS", 3)
    with opened(tmp_path) as store:
        store.take({"message": "0"}, {"message": "1"})
        assert store.segment_files() == []
        store.take({"message": "2"})
        wait_until(lambda: store.store.size().segments == 1)
        store.take({"message": "3"})
        assert store.messages() == ["0", "1", "2", "3"]
    with opened(tmp_path) as store:
        assert store.messages() == ["0", "1", "2", "3"]
        store.take({"message": "4"})
        assert [row["_id"] for row in store.rows()] == ["1", "2", "3", "4", "5"]


def test_a_log_file_goes_when_no_more_lines_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEAL_IDLE_S", 0.05)
    monkeypatch.setattr(limits, "SEAL_IDLE_ROWS", 3)
    with opened(tmp_path) as store:
        store.take(*({"message": f"{number}"} for number in range(3)))
        wait_until(lambda: [int(path.stem) for path in store.log_files()] == [4])
        (log_file,) = store.log_files()
        assert log_file.stat().st_size == 0
        store.take({"message": "3"})
        assert log_file.stat().st_size > 0
        assert store.messages() == ["0", "1", "2", "3"]
    with opened(tmp_path) as store:
        assert [row["_id"] for row in store.rows()] == ["1", "2", "3", "4"]
