"""Loading: small batches that come close together are loaded together."""

import time
from pathlib import Path

import pytest

from aggregator import limits
from tests.aggregator.store.opened_store import WAIT_S, body, opened, wait_until


def test_batches_that_come_within_the_interval_share_a_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.5)
    with opened(tmp_path) as store:
        store.take({"message": "first"})
        started_s = time.monotonic()
        for number in range(10):
            store.store.append(body({"message": f"{number}"}), 1, "http").result(WAIT_S)
        wait_until(lambda: store.store.last_seq == 11)
        assert time.monotonic() - started_s < 2
        assert len(store.messages()) == 11
        assert len(store.loaded) == 2


def test_a_batch_after_the_interval_is_loaded_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 30.0)
    with opened(tmp_path) as store:
        store.take({"message": "first"})
        assert store.messages() == ["first"]


def test_a_store_that_closes_loads_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 30.0)
    with opened(tmp_path) as store:
        store.take({"message": "first"})
        store.store.append(body({"message": "second"}), 1, "http").result(WAIT_S)
    assert [loaded.last_seq for loaded in store.loaded] == [1, 2]
