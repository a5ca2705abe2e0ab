import os
from pathlib import Path

import pytest

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import INFO
from ha_ingestor_logging.overflow import Overflow
from ha_ingestor_logging.spool import Spool
from ha_ingestor_logging.waiting_lines import WaitingLines

LINES = [(INFO, b'{"level":"INFO","n":%d}\n' % number) for number in range(4)]


class Reports:
    def __init__(self) -> None:
        self.messages: list[str] = []

    def __call__(self, _level: int, message: str, /, **_fields: object) -> None:
        self.messages.append(message)


def test_lines_are_taken_over_and_their_marker_waits_until_they_are_delivered(tmp_path: Path) -> None:
    overflow = Overflow(Spool(tmp_path, 10**6), Reports())
    waiting = WaitingLines(10**6, 10**6)
    marker = FlushMarker(1)
    waiting.put(LINES)
    waiting.put_marker(marker)
    overflow.take_over(waiting)
    assert not waiting
    assert overflow.next_marker() is None
    assert [line for batch in overflow.own() for line in batch.lines()] == LINES
    assert overflow.next_marker() is marker
    assert overflow.next_marker() is None
    overflow.close()


def test_a_batch_that_was_not_delivered_comes_again(tmp_path: Path) -> None:
    overflow = Overflow(Spool(tmp_path, 10**6), Reports())
    waiting = WaitingLines(10**6, 1)
    waiting.put(LINES)
    overflow.take_over(waiting)
    first = next(overflow.own())
    again = overflow.own()
    assert next(again) == first
    assert next(again) != first
    overflow.close()


def test_what_can_not_be_written_stays_in_memory_in_its_order_and_that_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = Reports()
    overflow = Overflow(Spool(tmp_path, 10**6), reports)
    waiting = WaitingLines(10**6, 1)
    waiting.put(LINES)

    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        for _ in range(2):
            overflow.take_over(waiting)
            assert (overflow.is_usable, overflow.failure) == (False, "the spool: Input/output error")
            overflow.try_again()
    assert reports.messages == ["the spool can't be used; log lines wait in memory"]
    overflow.take_over(waiting)
    assert [line for batch in overflow.own() for line in batch.lines()] == LINES
    overflow.close()


def test_what_many_processes_left_is_taken_over_one_after_the_other_at_once(tmp_path: Path) -> None:
    for line in LINES:
        gone = Spool(tmp_path, 10**6)
        gone.append(Batch.of([line]))
        gone.close()
    overflow = Overflow(Spool(tmp_path, 10**6), Reports())
    # The first is given up in the midst of it, as for lines of this process's own.
    assert next(overflow.inherited()).lines() == LINES[:1]
    assert overflow.inherit_wait_s == 0
    assert [line for batch in overflow.inherited() for line in batch.lines()] == LINES
    assert list(tmp_path.iterdir()) == []
    assert overflow.inherit_wait_s is not None
    assert 50 < overflow.inherit_wait_s <= 60


def test_without_a_spool_nothing_is_taken() -> None:
    overflow = Overflow(None, Reports())
    waiting = WaitingLines(10**6, 10**6)
    waiting.put(LINES)
    overflow.take_over(waiting)
    assert waiting
    assert list(overflow.own()) == list(overflow.inherited()) == []
    assert overflow.inherit_wait_s is None
