"""The aggregator is interrupted once at every write, sync, rename and unlink of its files."""

import json
import os
import shutil
import signal
import time
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from itertools import takewhile
from operator import not_
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.aggregator.running_aggregator import Aggregator
from tests.faults.forked_aggregator import STILL, fork, forked
from tests.faults.ledger import Ledger
from tests.faults.strace import Boundary, boundaries, program, traced

EVERY = bool(os.environ.get("HA_INGESTOR_TEST_EVERY_BOUNDARY"))
"""Interrupt at each call, and not only once at each kind of call and file."""

TAKES_ROOM = {"openat", "write", "pwrite64", "mkdir", "ftruncate"}
"""Calls that need room on the disk."""

NOT_YET = {("unlink", "N.log")}
"""What has an expected failure of its own below."""

GONE = (OSError, HTTPException)


@dataclass(frozen=True)
class Client:
    """A client of a disturbed aggregator.

    Args:
        aggregator: the aggregator.
        ledger: what is sent.
        patience_s: how long to wait for what the aggregator may never do.
    """

    aggregator: Aggregator
    ledger: Ledger
    patience_s: float

    def send(self, name: str, lines: int, *, uid: bool = True, **fields: object) -> None:
        """Send a batch, and wait until it can be found, so that the next one is loaded by itself."""
        self.ledger.send(self.aggregator, name, lines, uid=uid, **fields)
        if f"{name}-0" in self.ledger.acknowledged:
            query = f'message:"{name}-0"'
            self.wait_for(lambda: bool(self.aggregator.search(query=query).json["rows"]))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait a while for something to happen."""
        deadline_s = time.monotonic() + self.patience_s
        while not condition() and time.monotonic() < deadline_s and self.aggregator.process.poll() is None:
            time.sleep(0.005)

    def wait_until_sealed(self) -> None:
        """Wait until every log file but the last is a segment."""
        self.wait_for(lambda: len(files(self.aggregator.data, "*.log")) == 1)


Scenario: TypeAlias = Callable[[Client], None]


def first_day(client: Client) -> None:
    """Small batches, a large one, and a change of the settings that removes what is old."""
    client.send("old", 1, timestamp=1_600_000_000)
    client.ledger.lose("old")
    client.send("small", 3)
    client.send("other", 3)
    client.send("large", 120, uid=False)
    client.send("last", 1)
    client.wait_until_sealed()
    before = files(client.aggregator.data, "*.parquet")
    change = json.dumps({"retention_days": 7}).encode()
    if client.aggregator.request("PATCH", "/api/v1/settings", change, scope="admin").status == 200:
        client.wait_for(lambda: bool(before - files(client.aggregator.data, "*.parquet")))


def day_after(client: Client) -> None:
    """One more line, after a start that found work to do."""
    client.send("after", 1)
    client.wait_until_sealed()


def leftovers(data: Path) -> Ledger:
    """Leave log files, one of them damaged and one torn, a damaged segment and a half-written one."""
    ledger = Ledger()
    with forked(data, STILL) as aggregator:
        client = Client(aggregator, ledger, 10.0)
        for name in ("lost", "kept", "last"):
            client.send(name, 1)
        client.wait_until_sealed()
    (segment, *_) = sorted(files(data, "*.parquet"))
    segment.write_bytes(segment.read_bytes()[:100])
    segments = data / "store" / "segments"
    (segments / "half.parquet.tmp").write_bytes(b"PAR1")
    aggregator = fork(data, STILL | {"aggregator.limits.SEAL_ROWS": 10, "aggregator.limits.SEAL_AGE_S": 3600})
    aggregator.process.go()
    try:
        assert is_up(aggregator)
        segments.rename(data / "elsewhere")  # so that log files remain
        for number in range(5):
            ledger.send(aggregator, f"row{number}", 5)
    finally:
        aggregator.process.kill()
        aggregator.process.wait()
    (data / "elsewhere").rename(segments)
    first, *_, last = sorted(files(data, "*.log"))
    content = bytearray(first.read_bytes())
    content[content.index(b"HIF1", 4) + 40] ^= 0xFF
    first.write_bytes(content)
    last.write_bytes(last.read_bytes() + content[:50])
    ledger.lose("lost", "row0")
    return ledger


def files(data: Path, pattern: str) -> set[Path]:
    """Files of the store."""
    return set((data / "store").rglob(pattern))


def is_up(aggregator: Aggregator) -> bool:
    """Wait until it answers; it may also end."""
    while aggregator.process.poll() is None:
        try:
            aggregator.request("GET", "/health", scope=None)
        except urllib.error.URLError:
            time.sleep(0.01)
        else:
            return True
    return False


@dataclass(frozen=True)
class Bench:
    """Runs a scenario again and again on the same files.

    Args:
        folder: where to work.
        origin: the data folder at the beginning; none is there if it does not exist.
        ledger: what is in there.
        scenario: what happens.
    """

    folder: Path
    origin: Path
    ledger: Ledger
    scenario: Scenario

    @property
    def data(self) -> Path:
        """The data folder of a run."""
        return self.folder / "data"

    @property
    def report(self) -> Path:
        """What strace wrote in the last run."""
        return self.folder / "strace"

    def run(self, *arguments: str, patience_s: float = 5.0) -> int:
        """Run the scenario under strace, then start undisturbed and check the store.

        Args:
            arguments: further ones of strace.
            patience_s: how long the scenario waits.

        Returns:
            How the aggregator ended in the scenario.
        """
        shutil.rmtree(self.data, ignore_errors=True)
        if self.origin.exists():
            shutil.copytree(self.origin, self.data)
        ledger = self.ledger.copy()
        aggregator = fork(self.data)
        try:
            with traced(aggregator.process.pid, self.report, *arguments):
                aggregator.process.go()
                try:
                    if is_up(aggregator):
                        self.scenario(Client(aggregator, ledger, patience_s))
                except GONE:
                    assert aggregator.process.wait() < 0
                aggregator.process.terminate()
                status = aggregator.process.wait()
        finally:
            aggregator.process.kill()
            aggregator.process.wait()
        with forked(self.data) as again:
            ledger.check(again)
        return status

    def boundaries(self) -> list[Boundary]:
        """Where to interrupt: at the first call of each kind on each kind of file, or at every call."""
        assert self.run() == 0
        recorded = boundaries(self.report, self.data)
        if EVERY:
            return recorded
        if self.origin.exists():
            # What comes once lines are taken is the same on the first day.
            taken = (boundary.kind == ("pwrite64", "N.log") for boundary in recorded)
            recorded = [boundary for boundary, _ in zip(recorded, takewhile(not_, taken), strict=False)]
        return list({boundary.kind: boundary for boundary in reversed(recorded)}.values())[::-1]


@pytest.fixture(params=["first day", "leftovers"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    program()
    if request.param == "first day":
        return Bench(tmp_path, tmp_path / "nothing", Ledger(), first_day)
    return Bench(tmp_path, tmp_path / "origin", leftovers(tmp_path / "origin"), day_after)


def interrupt(bench: Bench, arguments: Callable[[Boundary], list[str]], patience_s: float) -> list[int]:
    """Run the scenario once with each interruption, and return how the runs ended."""
    statuses = []
    for boundary in bench.boundaries():
        if boundary.kind in NOT_YET:
            continue
        try:
            statuses.append(bench.run(*arguments(boundary), patience_s=patience_s))
        except AssertionError as error:
            error.add_note(f"interrupted at {boundary}")
            raise
    return statuses


@pytest.mark.timeout(3600 if EVERY else 120)
def test_a_kill_at_any_boundary_loses_nothing(bench: Bench) -> None:
    statuses = interrupt(bench, Boundary.killed, 5.0)
    assert set(statuses) <= {0, -signal.SIGKILL}
    # Threads may come in another order than in the recorded run, but mostly they don't.
    assert statuses.count(-signal.SIGKILL) > len(statuses) // 2


@pytest.mark.timeout(3600 if EVERY else 120)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"] if EVERY else ["the likely one"])
def test_a_call_that_fails_loses_nothing(bench: Bench, error: str) -> None:
    def failing(boundary: Boundary) -> list[str]:
        likely = "ENOSPC" if boundary.syscall in TAKES_ROOM else "EIO"
        return boundary.failing(error if EVERY else likely)

    statuses = interrupt(bench, failing, 0.2)
    assert set(statuses) == {0, 1}


def test_a_log_file_that_can_not_be_deleted_stops_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    boundary = Boundary("unlink", data / "store" / "log" / f"{1:020}.log", 1)
    aggregator = fork(data)
    try:
        with traced(aggregator.process.pid, tmp_path / "strace", *boundary.failing("EIO")):
            aggregator.process.go()
            assert is_up(aggregator)
            client = Client(aggregator, Ledger(), 2.0)
            for number in range(4):
                client.send(f"{number}", 1)
            client.wait_for(lambda: len(files(data, "*.parquet")) == 3)
            segments = len(files(data, "*.parquet"))
            aggregator.process.kill()
    finally:
        aggregator.process.kill()
    assert segments == 3
