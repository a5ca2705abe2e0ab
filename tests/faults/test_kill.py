"""An aggregator that is killed at any moment keeps every line that it acknowledged, once."""

import json
import os
import random
import shutil
import threading
import time
import urllib.error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.aggregator.running_aggregator import Aggregator, wait_until_healthy
from tests.faults.forked_aggregator import ForkedAggregator, fork
from tests.faults.stored_lines import rows

ROUNDS = int(os.environ.get("HA_INGESTOR_TEST_KILL_ROUNDS", "20"))
CHECK_EACH = 4
"""Rounds from one look at all lines to the next: what was lost in one is lost in the next one too."""

PAUSE_S = 0.03
"""Between two bodies: more lines would make the test longer, not better."""

START_S = 5.0
"""Longest time from the begin of a start to the first answer; usually it is a tenth of a second."""

OLD = 1_600_000_000
LOADED_S = 20.0
"""A start answers after a few seconds, even if not all lines can be found yet."""

CONSTANTS: Mapping[str, float] = {
    "aggregator.limits.SEAL_ROWS": 150,
    "aggregator.limits.LOAD_INTERVAL_S": 0.02,
    "aggregator.limits.LOAD_REST": 0,
    "aggregator.limits.COMPACT_SEGMENTS": 3,
    "aggregator.limits.COMPACT_INTERVAL_S": 0.05,
    "aggregator.store.load.loader.BULK_ROWS": 80,
}
"""So small that everything that the store does happens many times a second."""

SETTINGS: tuple[Mapping[str, object], ...] = ({"retention_days": 7}, {"retention_days": 8})
"""Set in turn, over and over; each change lets retention run."""

GONE = (OSError, urllib.error.URLError, HTTPException)


@dataclass
class Sender:
    """Sends bodies of lines, and again what was not acknowledged as far as it may.

    Args:
        name: begins its messages.
        lines: how many lines a body has at most.
        old: whether the lines are so old that retention may remove them; then they have no uid, so that
            they become segments of their own, and are sent once.
    """

    name: str
    lines: int
    old: bool = False
    acknowledged: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    count: int = 0

    def send(self, aggregator: Aggregator) -> None:
        """Send one body and note what became of it."""
        if self.old or not self.unsure:
            size = self.lines if self.old else 1 + self.count % self.lines
            self.unsure |= {f"{self.name}-{self.count + number}" for number in range(size)}
            messages = {f"{self.name}-{self.count + number}" for number in range(size)}
            self.count += size
        else:
            messages = self.unsure
        fields = {"timestamp": OLD} if self.old else {}
        answer = aggregator.send(
            *(
                fields | {"message": message} | ({} if self.old else {"uid": message})
                for message in sorted(messages)
            )
        )
        if answer.status == 200:
            assert answer.json["accepted"] == len(messages)
            self.acknowledged |= messages
            self.unsure -= messages
        else:
            assert answer.status == 503


def change_settings(aggregator: Aggregator) -> None:
    """Set all settings, one after the other."""
    for settings in SETTINGS:
        body = json.dumps(settings).encode()
        assert aggregator.request("PATCH", "/api/v1/settings", body, scope="admin").status == 200


def until_killed(work: Callable[[Aggregator], None], aggregator: Aggregator) -> threading.Thread:
    """Do something again and again in a thread, until the aggregator is gone."""

    def run() -> None:
        try:
            while True:
                work(aggregator)
                time.sleep(PAUSE_S)
        except GONE:
            aggregator.process.wait()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def started(data: Path) -> ForkedAggregator:
    """Start, which has to be quick."""
    aggregator = fork(data, CONSTANTS)
    began_s = time.monotonic()
    aggregator.process.go()
    try:
        wait_until_healthy(aggregator)
        assert time.monotonic() - began_s < START_S
    except BaseException:
        kill(aggregator)
        raise
    return aggregator


def kill(aggregator: Aggregator) -> None:
    aggregator.process.kill()
    aggregator.process.wait()


def check(aggregator: Aggregator, senders: list[Sender]) -> None:
    """Look whether everything that was acknowledged is there once, and nothing that was not sent."""
    acknowledged = set[str]().union(*(sender.acknowledged for sender in senders if not sender.old))
    until_s = time.monotonic() + LOADED_S
    while True:
        listed = [row["message"] for row in rows(aggregator)]
        found = set(listed)
        if acknowledged <= found or time.monotonic() > until_s:
            break
        time.sleep(0.1)
    assert len(listed) == len(found)
    assert acknowledged <= found
    assert found <= set[str]().union(*(sender.acknowledged | sender.unsure for sender in senders))


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_every_acknowledged_line_is_there_once_after_each_kill(tmp_path: Path) -> None:
    seed = int(os.environ.get("HA_INGESTOR_TEST_KILL_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"HA_INGESTOR_TEST_KILL_SEED={seed}")  # noqa: T201 - shown when it fails, to run it again
    moments = random.Random(seed)  # noqa: S311 - no secret
    senders = [Sender("a", 20), Sender("b", 60), Sender("old", 80, old=True)]
    for number in range(ROUNDS):
        aggregator = started(tmp_path)
        try:
            if number % CHECK_EACH == 0:
                check(aggregator, senders)
            work = [*(sender.send for sender in senders), change_settings]
            threads = [until_killed(step, aggregator) for step in work]
            time.sleep(moments.uniform(0.02, 0.6))
        finally:
            kill(aggregator)
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    aggregator = started(tmp_path)
    try:
        check(aggregator, senders)
        assert all(sender.acknowledged for sender in senders)
        removed = senders[-1].acknowledged - {row["message"] for row in rows(aggregator)}
        assert removed or ROUNDS < 10
    finally:
        kill(aggregator)


def test_a_kill_during_the_start_loses_nothing(tmp_path: Path) -> None:
    origin, data = tmp_path / "origin", tmp_path / "data"
    sender = Sender("a", 500)
    aggregator = fork(origin, {"aggregator.limits.SEAL_ROWS": 10**6})
    aggregator.process.go()
    try:
        wait_until_healthy(aggregator)
        while len(sender.acknowledged) < 12_000:
            sender.send(aggregator)
    finally:
        kill(aggregator)

    shutil.copytree(origin, data)
    began_s = time.monotonic()
    kill(started(data))
    start_s = time.monotonic() - began_s
    for tenth in range(1, 11):
        shutil.rmtree(data)
        shutil.copytree(origin, data)
        aggregator = fork(data, CONSTANTS)
        aggregator.process.go()
        time.sleep(tenth / 10 * start_s)
        kill(aggregator)
        aggregator = started(data)
        try:
            check(aggregator, [sender])
        finally:
            kill(aggregator)
