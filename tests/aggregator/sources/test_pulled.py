"""Sources run, fail and are tried again; what the store refuses is not lost."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import pytest

from aggregator import limits
from aggregator.errors import AggregatorError, OverloadedError
from aggregator.intake.text.stream import Understood
from aggregator.metrics.self_metrics import SelfMetrics
from aggregator.sources.pulled import PulledSources
from aggregator.sources.source import Outlet, Phase, SourceFailedError, Status, StoppedError

if TYPE_CHECKING:
    from aggregator.store.protocol import Store


class RefusingStore:
    """Takes lines as told: the real store refuses only when its disk is full or slow."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.refusals: deque[AggregatorError] = deque()
        self.failures: deque[AggregatorError] = deque()

    def append(self, lines: bytes, rows: int, source: str) -> Future[None]:
        assert lines.count(b"\n") == rows
        assert source == "scripted"
        if self.refusals:
            raise self.refusals.popleft()
        future: Future[None] = Future()
        if self.failures:
            future.set_exception(self.failures.popleft())
        else:
            self.taken.append(lines)
            future.set_result(None)
        return future


class Scripted:
    """A source that does what a test says, once for each attempt."""

    name = "scripted"

    def __init__(self, *attempts: Callable[[Outlet], None]) -> None:
        self._attempts = deque(attempts)

    def read(self, outlet: Outlet) -> None:
        if self._attempts:
            self._attempts.popleft()(outlet)
        outlet.settle()
        outlet.stopping.wait()
        raise StoppedError


class SoonError(OverloadedError):
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "0.01"}


@pytest.fixture
def store() -> RefusingStore:
    return RefusingStore()


@contextmanager
def pulling(
    source: Scripted, store: RefusingStore, folder: Path
) -> Iterator[tuple[PulledSources, SelfMetrics]]:
    metrics = SelfMetrics()
    pulled = PulledSources([source], cast("Store", store), metrics, folder)
    pulled.start()
    try:
        yield pulled, metrics
    finally:
        pulled.stop()


def wait_for(pulled: PulledSources, reached: Callable[[Status], bool]) -> Status:
    deadline_s = time.monotonic() + 10
    while not reached(status := pulled.statuses()["scripted"]):
        assert time.monotonic() < deadline_s, status
        time.sleep(0.01)
    return status


def delivering(*numbers: int) -> Callable[[Outlet], None]:
    def deliver(outlet: Outlet) -> None:
        for number in numbers:
            outlet.deliver(Understood(b'{"n":%d}\n' % number, 1), {"at": number}, time.time_ns())

    return deliver


def failing(error: Exception) -> Callable[[Outlet], None]:
    def fail(_outlet: Outlet) -> None:
        raise error

    return fail


def test_what_is_stored_is_counted_and_its_position_kept(store: RefusingStore, tmp_path: Path) -> None:
    with pulling(Scripted(delivering(1, 2)), store, tmp_path) as (pulled, metrics):
        status = wait_for(pulled, lambda status: status.lines == 2)
        assert status.phase is Phase.RUNNING
        assert status.lag_s is not None
        assert 0 <= status.lag_s < 10
        assert metrics.by_source()["scripted"].lines == 2
    assert store.taken == [b'{"n":1}\n', b'{"n":2}\n']
    assert json.loads((tmp_path / "scripted.json").read_bytes()) == {"at": 2}
    assert pulled.statuses()["scripted"].phase is Phase.STOPPED


def test_the_next_start_knows_the_position(store: RefusingStore, tmp_path: Path) -> None:
    positions = []

    def note(outlet: Outlet) -> None:
        positions.append(outlet.position)
        delivering(7)(outlet)

    for _ in range(2):
        with pulling(Scripted(note), store, tmp_path) as (pulled, _):
            wait_for(pulled, lambda status: status.lines == 1)
    assert positions == [None, {"at": 7}]


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_a_damaged_position_is_set_aside(store: RefusingStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scripted.json").write_bytes(content)
    with pulling(Scripted(delivering(1)), store, tmp_path) as (pulled, _):
        wait_for(pulled, lambda status: status.lines == 1)
    assert (tmp_path / "scripted.json.damaged").read_bytes() == content


@pytest.mark.parametrize("where", ["refusals", "failures"])
def test_what_the_store_refuses_is_given_to_it_again(
    store: RefusingStore, tmp_path: Path, where: str
) -> None:
    getattr(store, where).extend([SoonError("full"), SoonError("full")])
    with pulling(Scripted(delivering(1, 2)), store, tmp_path) as (pulled, _):
        wait_for(pulled, lambda status: status.lines == 2)
    assert store.taken == [b'{"n":1}\n', b'{"n":2}\n']


def test_while_the_store_refuses_the_source_waits_and_can_be_stopped(
    store: RefusingStore, tmp_path: Path
) -> None:
    store.failures.extend([OverloadedError("the disk is full")] * 100)
    with pulling(Scripted(delivering(1)), store, tmp_path) as (pulled, _):
        status = wait_for(pulled, lambda status: status.phase is Phase.WAITING)
        assert status.reason == "the disk is full"
        started_s = time.monotonic()
    assert time.monotonic() - started_s < 3
    assert not (tmp_path / "scripted.json").exists()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceFailedError("it ended"), "it ended"),
        (PermissionError(13, "Permission denied"), "[Errno 13] Permission denied"),
        (KeyError("defect"), "KeyError: 'defect'"),
    ],
)
def test_a_source_that_fails_is_tried_again(
    store: RefusingStore, tmp_path: Path, error: Exception, reason: str
) -> None:
    with pulling(Scripted(failing(error), delivering(1)), store, tmp_path) as (pulled, _):
        assert wait_for(pulled, lambda status: status.phase is Phase.FAILED).reason == reason
        status = wait_for(pulled, lambda status: status.lines == 1)
        assert status.phase is Phase.RUNNING
        assert status.restarts == 1


def test_each_failure_in_a_row_is_followed_by_a_longer_rest(
    store: RefusingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    source = Scripted(*[failing(SourceFailedError("no"))] * 8)
    pulled = PulledSources([source], cast("Store", store), SelfMetrics(), tmp_path)
    (running,) = pulled._running

    class Stopping(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout is None:
                return super().wait()
            rests.append(timeout)
            return False

    monkeypatch.setattr(running.outlet, "stopping", Stopping())
    pulled.start()
    wait_for(pulled, lambda status: status.restarts == 8)
    pulled.stop()
    assert rests == [1, 2, 4, 8, 16, 32, limits.SOURCE_RESTART_S, limits.SOURCE_RESTART_S]
