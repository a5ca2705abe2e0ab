"""Intake and the event loop's lag while a heavy search runs again and again."""

import http.client
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from benchmarks.aggregator import Aggregator, running
from benchmarks.store import loop_holds, routes
from benchmarks.store.figures import Figure, at_most, percentile
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.store.options import Options

_HEAVY = "/unavailable [0-9]/"
"""Every part has its words, and no line matches, so it reads all of them."""

_PING_INTERVAL_S = 0.005
_EACH_S = 10.0


def measure(options: Options) -> Iterator[Figure]:
    """Store the corpus; then send it again for a while beside the heavy search, and without."""
    batches = options.corpus()
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "loop_holds.txt"
        with running(Path(folder) / "data", loop_holds.launcher(notes)) as aggregator:
            send_all(aggregator, batches)
            wait_found(aggregator, options.rows)
            wait_quiet(aggregator, options.settle_s)
            yield from _phase(aggregator, batches, notes, heavy=False)
            yield from _phase(aggregator, batches, notes, heavy=True)


def _phase(aggregator: Aggregator, batches: list[bytes], notes: Path, *, heavy: bool) -> Iterator[Figure]:
    noted = len(loop_holds.read(notes))
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads, _Pings(aggregator.port) as pings:
        searches = threads.submit(_search_again_and_again, aggregator, stop) if heavy else None
        ack_ms = send_all(aggregator, _for_a_while(batches))
        stop.set()
        durations_ms = searches.result() if searches else []
    when = "heavy search" if heavy else "intake alone"
    yield Figure(
        name=f"acknowledgement p99, {when}",
        unit="ms",
        measured=percentile(ack_ms, 99),
        goal=at_most(100),
        note=f"p50 {percentile(ack_ms, 50):.1f}, max {max(ack_ms):.1f}, {len(ack_ms)} bodies",
    )
    held_ms = loop_holds.read(notes)[noted:]
    yield Figure(
        name=f"event loop held, longest, {when}",
        unit="ms",
        measured=max(held_ms, default=0.0),
        goal=at_most(20),
        note=f"{len(held_ms)} callbacks took a millisecond or more",
    )
    yield Figure(
        name=f"GET /health p99, {when}",
        unit="ms",
        measured=percentile(pings.durations_ms, 99),
        note=f"p50 {percentile(pings.durations_ms, 50):.1f}, max {max(pings.durations_ms):.1f}; "
        "also waits for a core",
    )
    if durations_ms:
        yield Figure(
            name="the heavy search itself",
            unit="ms",
            measured=percentile(durations_ms, 50),
            note=f"{len(durations_ms)} times",
        )


def _for_a_while(batches: list[bytes]) -> Iterator[bytes]:
    deadline = time.monotonic() + _EACH_S
    while time.monotonic() < deadline:
        for body in batches:
            yield body
            if time.monotonic() > deadline:
                break


def _search_again_and_again(aggregator: Aggregator, stop: threading.Event) -> list[float]:
    connection = aggregator.connect()
    request = routes.search(_HEAVY)
    durations_ms = []
    while not stop.is_set():
        started = time.perf_counter()
        aggregator.ask(connection, "POST", request.path, request.body)
        durations_ms.append(1000 * (time.perf_counter() - started))
    connection.close()
    return durations_ms


class _Pings:
    """Round trips of GET /health, one every few milliseconds, from a process of its own.

    Threads of this one would measure each other.
    """

    def __init__(self, port: int) -> None:
        self.durations_ms: list[float] = []
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_ping, args=(port, there), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._here.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._here.send(None)
        self.durations_ms = self._here.recv()
        self._process.join()


def _ping(port: int, pipe: Connection) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    durations_ms = []
    pipe.send(None)
    while not pipe.poll(_PING_INTERVAL_S):
        started = time.perf_counter()
        connection.request("GET", "/health")
        connection.getresponse().read()
        durations_ms.append(1000 * (time.perf_counter() - started))
    pipe.send(durations_ms)
