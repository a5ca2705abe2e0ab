"""An aggregator that is killed at any moment keeps every line that it acknowledged, once."""

import json
import os
import random
import threading
import time
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.aggregator.running_aggregator import Aggregator, start, start_process

ROUNDS = int(os.environ.get("HA_INGESTOR_TEST_KILL_ROUNDS", "6"))
SENDERS = 2
PAUSE_S = 0.01
"""Between two bodies: more lines would make the test longer, not better."""

LINES = 700
"""Lines of a body: large enough that some of them become tables of their own and full log files."""


@dataclass
class Sender:
    """Sends bodies of lines with uids over one connection, and again what was not acknowledged.

    Args:
        name: begins the uids of its lines.
    """

    name: str
    acknowledged: set[str] = field(default_factory=set)
    unsure: list[str] = field(default_factory=list)
    count: int = 0

    def send_until_killed(self, aggregator: Aggregator) -> None:
        """Send bodies until the aggregator is gone."""
        while True:
            uids = self.unsure or self._new_uids()
            self.unsure = uids
            try:
                answer = aggregator.request("POST", "/api/v1/logs", body(uids))
            except (OSError, urllib.error.URLError, HTTPException):
                return
            if answer.status == 200:
                assert answer.json["accepted"] == len(uids)
                self.acknowledged |= set(uids)
                self.unsure = []
            else:
                assert answer.status == 503
            time.sleep(PAUSE_S)

    def _new_uids(self) -> list[str]:
        self.count += LINES
        return [f"{self.name}-{number}" for number in range(self.count - LINES, self.count)]


def body(uids: list[str]) -> bytes:
    return b"".join(
        json.dumps({"uid": uid, "message": f"line {uid}", "level": "info", uid[:1]: uid}).encode() + b"\n"
        for uid in uids
    )


def stored_uids(aggregator: Aggregator) -> Iterator[str]:
    """All uids in the store, page by page."""
    cursor: str | None = None
    while True:
        page: dict[str, Any] = aggregator.search(limit=5000, order="asc", cursor=cursor).json
        assert not page["partial"]
        for row in page["rows"]:
            assert row["message"] == f"line {row['uid']}"
            yield row["uid"]
        cursor = page["cursor"]
        if cursor is None:
            return


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_every_acknowledged_line_is_there_once_after_each_kill(tmp_path: Path) -> None:
    seed = int(os.environ.get("HA_INGESTOR_TEST_KILL_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"HA_INGESTOR_TEST_KILL_SEED={seed}")  # noqa: T201 - shown when it fails, to run it again
    moments = random.Random(seed)  # noqa: S311 - no secret
    threads = list[threading.Thread]()
    senders = [Sender(chr(ord("a") + number)) for number in range(SENDERS)]
    for number in range(ROUNDS + 1):
        aggregator = start(tmp_path)
        try:
            check(aggregator, senders)
            if number < ROUNDS:
                threads = [
                    threading.Thread(target=sender.send_until_killed, args=[aggregator], daemon=True)
                    for sender in senders
                ]
                for thread in threads:
                    thread.start()
                time.sleep(moments.uniform(0.02, 0.6))
        finally:
            aggregator.process.kill()
            aggregator.process.wait()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    assert all(sender.acknowledged for sender in senders)


def check(aggregator: Aggregator, senders: list[Sender]) -> None:
    """Look whether everything that was acknowledged is there once, and nothing that was not sent."""
    found = list(stored_uids(aggregator))
    acknowledged = set[str]().union(*(sender.acknowledged for sender in senders))
    unsure = {uid for sender in senders for uid in sender.unsure}
    assert len(found) == len(set(found))
    assert acknowledged <= set(found)
    assert set(found) <= acknowledged | unsure


def test_a_kill_during_the_start_loses_nothing(tmp_path: Path) -> None:
    aggregator = start(tmp_path)
    uids = [f"a-{number}" for number in range(20_000)]
    for first in range(0, len(uids), 5000):
        assert aggregator.request("POST", "/api/v1/logs", body(uids[first : first + 5000])).status == 200
    aggregator.process.kill()
    aggregator.process.wait()

    for delay_s in (0.1, 0.3, 0.5, 0.7):
        starting = start_process(tmp_path, aggregator.port)
        time.sleep(delay_s)
        starting.kill()
        starting.wait()
    aggregator = start(tmp_path)
    try:
        assert sorted(stored_uids(aggregator)) == sorted(uids)
    finally:
        aggregator.process.terminate()
        assert aggregator.process.wait(20) == 0
