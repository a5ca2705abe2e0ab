"""Sends bodies as fast as they are taken, and waits until a store has done its work."""

import http.client
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from benchmarks.aggregator import Aggregator

_CONNECTIONS = 2
_FOUND_S = 60.0
_QUIET_S = 600.0
_POLL_S = 0.05
IDLE_CPU = 0.05
"""Share of one core under which a process counts as idle; asking it for its statistics takes some itself."""


class Target(Protocol):
    """What takes lines over HTTP."""

    def connect(self) -> http.client.HTTPConnection:
        """Open a keep-alive connection."""

    def take(self, connection: http.client.HTTPConnection, lines: bytes) -> None:
        """Send NDJSON lines; returns when they are acknowledged."""

    def rows(self) -> int:
        """Return how many rows can be found."""


def send_all(target: Target, bodies: Iterable[bytes]) -> list[float]:
    """Send bodies in their order over two keep-alive connections.

    Returns:
        Milliseconds from sending each to its acknowledgement.
    """
    waiting = iter(bodies)
    lock = threading.Lock()

    def send() -> list[float]:
        durations_ms = []
        connection = target.connect()
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                break
            started = time.perf_counter()
            target.take(connection, body)
            durations_ms.append(1000 * (time.perf_counter() - started))
        connection.close()
        return durations_ms

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        senders = [threads.submit(send) for _ in range(_CONNECTIONS)]
    return [duration_ms for sender in senders for duration_ms in sender.result()]


def wait_found(target: Target, rows: int) -> None:
    """Wait until so many rows can be found."""
    deadline = time.monotonic() + _FOUND_S
    while (found := target.rows()) < rows:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} of {rows} rows can be found after {_FOUND_S} s")
        time.sleep(0.02)


def wait_quiet(aggregator: Aggregator, settle_s: float) -> float:
    """Wait until no more segments are made and the process is idle.

    Returns:
        Seconds until the segments changed for the last time.
    """
    started = quiet_since = time.perf_counter()
    changed_s, segments, cpu_s = 0.0, -1, aggregator.cpu_s()
    while (now := time.perf_counter()) - quiet_since < settle_s:
        if now - started > _QUIET_S:
            raise TimeoutError(f"the aggregator is not quiet after {_QUIET_S} s")
        time.sleep(_POLL_S)
        before, segments = segments, aggregator.stored()[1]
        if segments != before:
            changed_s = now - started
        used_s, cpu_s = aggregator.cpu_s() - cpu_s, aggregator.cpu_s()
        # The clock of processor time ticks every 10 ms, so one tick alone says little.
        if segments != before or used_s > IDLE_CPU * (time.perf_counter() - now) + 0.01:
            quiet_since = time.perf_counter()
    return changed_s
