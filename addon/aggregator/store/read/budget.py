"""The time that a read may take, and the way to end it before."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from aggregator import limits

_REPEAT_S = 0.02
"""How often an interrupt is repeated: one that comes between two statements stops neither of them."""


class Budget:
    """The time of one read; it runs from when the read begins, and ends it at once when it is cancelled.

    Args:
        time_s: how long the read may take, in seconds.
    """

    def __init__(self, time_s: float = limits.SEARCH_TIME_S) -> None:
        self._time_s = time_s
        self._deadline_s: float | None = None
        self._cancelled = False
        self._ended = False
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._connections: list[duckdb.DuckDBPyConnection] = []

    @property
    def is_over(self) -> bool:
        """Whether the read has to stop."""
        return self._cancelled or (self._deadline_s is not None and time.monotonic() >= self._deadline_s)

    def cancel(self) -> None:
        """Stop the read: nobody waits for it any more. Any thread may call this."""
        self._cancelled = True
        self._woken.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Spend the time, from now on, on what happens inside."""
        self._deadline_s = time.monotonic() + self._time_s
        watch = threading.Thread(target=self._watch, name="budget", daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._ended = True
            self._woken.set()
            watch.join()

    @contextmanager
    def spent_on(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Interrupt what a connection runs when the time is over."""
        with self._lock:
            self._connections.append(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.remove(connection)

    def _watch(self) -> None:
        self._woken.wait(self._time_s)
        while not self._ended:
            with self._lock:
                for connection in self._connections:
                    connection.interrupt()
            time.sleep(_REPEAT_S)
