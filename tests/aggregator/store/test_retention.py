"""Retention removes what is wholly older than it may be, and nothing else."""

import time
from pathlib import Path

import pytest

from tests.aggregator.store.opened_store import opened, seal_each_batch

DAY_S = 24 * 3600


def test_segments_wholly_past_their_days_go_with_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_each_batch(monkeypatch)
    now_s = int(time.time())
    with opened(tmp_path) as store:
        store.take({"message": "past", "timestamp": now_s - 11 * DAY_S})
        store.take({"message": "partly", "timestamp": now_s - 11 * DAY_S}, {"message": "young"})
        store.take({"message": "within", "timestamp": now_s - 9 * DAY_S})
        store.take({"message": "unsealed", "timestamp": now_s - 99 * DAY_S})
        store.wait_until_sealed()

        assert store.store.remove_older_than(12) == 0
        assert store.store.remove_older_than(10) == 1
        assert set(store.segment_seqs()) == {2, 4}
        assert set(store.messages()) == {"partly", "young", "within", "unsealed"}
        assert store.store.size().rows == 4
        assert store.store.remove_older_than(10) == 0
    with opened(tmp_path) as store:
        assert set(store.messages()) == {"partly", "young", "within", "unsealed"}


def test_what_an_empty_store_loses_is_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.store.remove_older_than(1) == 0
        size = store.store.size()
        assert (size.rows, size.segments, size.first_ns, size.last_ns) == (0, 0, None, None)
