"""What a source that the aggregator reads is, and what it is given."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import orjson

from aggregator import limits
from aggregator.damaged_files import set_aside
from aggregator.errors import AggregatorError
from aggregator.intake.text.stream import Understood
from aggregator.metrics.self_metrics import SelfMetrics
from aggregator.store.files import write_atomically
from aggregator.store.protocol import Store

type Position = Mapping[str, Any]
"""How far a source was read, as JSON; what it means is the source's own."""


class Phase(StrEnum):
    """What a source is doing."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Status:
    """How a source fares.

    Args:
        phase: what it is doing.
        reason: what it waits for, or why it failed; empty while it runs.
        lines: stored since the start.
        lag_s: how old the last stored line was when it was stored; None before the first.
        restarts: how often it was tried again after a failure.
    """

    phase: Phase = Phase.STARTING
    reason: str = ""
    lines: int = 0
    lag_s: float | None = None
    restarts: int = 0


class SourceFailedError(Exception):
    """A source can't be read now; it is tried again after a while."""


class StoppedError(Exception):
    """The aggregator stops, and the source with it."""


class Source(Protocol):
    """A source of lines."""

    @property
    def name(self) -> str:
        """What the statistics call it; its lines have it as `source`."""

    def read(self, outlet: "Outlet") -> None:
        """Read until it is stopped; in a thread of its own.

        Raises:
            SourceFailedError: it can't be read now.
            StoppedError: it was stopped.
        """


class Outlet:
    """Takes what a source reads: stores it, and keeps the position behind what is stored.

    One batch is made while the one before it becomes durable.

    Args:
        name: of the source.
        store: where lines go.
        self_metrics: where they are counted.
        path: file of the position.
    """

    def __init__(self, name: str, store: Store, self_metrics: SelfMetrics, path: Path) -> None:
        self.stopping = threading.Event()
        self.status = Status()
        self._name = name
        self._store = store
        self._self_metrics = self_metrics
        self._path = path
        self._kept = self._position = _read(path)
        self._kept_s = 0.0
        self._pending: _Pending | None = None

    @property
    def position(self) -> Position | None:
        """How far the source was read and stored; None when it was not read yet."""
        return self._position

    def deliver(self, made: Understood, position: Position | None, newest_ns: int = 0) -> None:
        """Store lines; waits while there is no room for them.

        Args:
            made: the lines.
            position: how far the source was read with them, if that is known.
            newest_ns: when the last of them was written, ns since the epoch; 0 where that is not known.

        Raises:
            StoppedError: the source is stopped; what is not stored is to be read again.
        """
        self.settle()
        if made.rows:
            future = self._insist(lambda: self._store.append(made.lines, made.rows, self._name))
            self._pending = _Pending(made, position, newest_ns, future)
        elif position is not None:
            self._position = position
        self.running()

    def note(self, position: Position) -> None:
        """Keep a position at once; what was delivered lies before it.

        Raises:
            StoppedError: the source is stopped while the store does not take what was delivered.
        """
        self.settle()
        self._position = position
        self._keep(at_once=True)

    def settle(self) -> None:
        """Wait until all that was delivered is on the disk.

        Raises:
            StoppedError: the source is stopped while the store does not take it.
        """
        pending = self._pending
        if pending is None:
            self._keep()
            return
        self._insist(pending.settled(self._store, self._name))
        self._pending = None
        self._self_metrics.lines_taken(self._name, pending.made.rows, len(pending.made.lines))
        if pending.position is not None:
            self._position = pending.position
        lag_s = max(0.0, time.time() - pending.newest_ns / 1e9) if pending.newest_ns else self.status.lag_s
        self.status = replace(self.status, lines=self.status.lines + pending.made.rows, lag_s=lag_s)
        self._keep()

    def close(self) -> None:
        """Note how far the source was read, at its end."""
        try:
            self.settle()
        except StoppedError:
            self._pending = None
        self._keep(at_once=True)

    def refused(self, reason: str, lines: int) -> None:
        """Count lines that could not be taken."""
        if lines:
            self._self_metrics.lines_refused(self._name, reason, lines)

    def running(self) -> None:
        """Say that the source is being read."""
        if self.status.phase is not Phase.RUNNING:
            self.status = replace(self.status, phase=Phase.RUNNING, reason="")

    def wait(self, reason: str, duration_s: float) -> None:
        """Wait for something.

        Raises:
            StoppedError: the source is stopped.
        """
        self.status = replace(self.status, phase=Phase.WAITING, reason=reason)
        if self.stopping.wait(duration_s):
            raise StoppedError

    def _insist[Result](self, attempt: Callable[[], Result]) -> Result:
        """Try until the store agrees."""
        while True:
            try:
                return attempt()
            except AggregatorError as error:
                self.wait(error.message, float(error.headers.get("Retry-After", "1")))

    def _keep(self, *, at_once: bool = False) -> None:
        position = self._position
        now_s = time.monotonic()
        if position is None or position == self._kept:
            return
        if at_once or now_s - self._kept_s >= limits.SOURCE_POSITION_S:
            try:
                write_atomically(self._path, orjson.dumps(position), 0o600)
            except OSError as error:
                # What is read again because of it is known by its uid.
                raise SourceFailedError(f"its position can't be kept: {error}") from error
            self._kept, self._kept_s = position, now_s


@dataclass(slots=True)
class _Pending:
    """Lines that are becoming durable."""

    made: Understood
    position: Position | None
    newest_ns: int
    future: Future[None] | None

    def settled(self, store: Store, source: str) -> Callable[[], None]:
        """Return what waits for the lines, and sends them again when it is called after a failure."""

        def settle() -> None:
            if self.future is None:
                self.future = store.append(self.made.lines, self.made.rows, source)
            future, self.future = self.future, None
            future.result()

        return settle


def _read(path: Path) -> Position | None:
    try:
        position = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except orjson.JSONDecodeError as error:
        set_aside(path, f"no JSON: {error}")
        return None
    if isinstance(position, dict):
        return position
    set_aside(path, "no JSON object")
    return None
