"""Aggregators that start in a tenth of a second, and make segments of few lines.

They are forked from a process that has imported everything; otherwise they are as real as any.
"""

import importlib
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from tests.aggregator.running_aggregator import Aggregator, free_port, wait_until_healthy

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["pytest", "aggregator.__main__"])
_JOIN_S = 30.0

SMALL: dict[str, float] = {
    "aggregator.limits.SEAL_AGE_S": 0,
    "aggregator.limits.SEAL_ROWS": 1000,
    "aggregator.limits.LOAD_INTERVAL_S": 0,
    "aggregator.limits.LOAD_REST": 0,
    "aggregator.limits.COMPACT_SEGMENTS": 2,
    "aggregator.limits.COMPACT_INTERVAL_S": 0.05,
    "aggregator.store.load.loader.BULK_ROWS": 100,
}
"""Each batch becomes a log file, and a segment once the next one comes; 100 lines become one at once.
Segments become larger ones as soon as there are two."""

STILL: dict[str, float] = SMALL | {"aggregator.limits.COMPACT_INTERVAL_S": 3600}
"""The same, but segments stay as they are."""


class Forked:
    """A forked process.

    Args:
        process: it.
        go: lets it begin.
    """

    def __init__(self, process: multiprocessing.process.BaseProcess, go: Callable[[], None]) -> None:
        self._process = process
        self.go = go

    @property
    def pid(self) -> int:
        """Its number."""
        pid = self._process.pid
        assert pid is not None
        return pid

    def poll(self) -> int | None:
        """Return its exit status; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return the exit status, negative for a signal."""
        self._process.join(_JOIN_S if timeout is None else timeout)
        status = self._process.exitcode
        assert status is not None, "it did not end"
        return status

    def send_signal(self, sig: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it."""
        self._process.kill()


@dataclass(frozen=True)
class ForkedAggregator(Aggregator):
    """An aggregator in a forked process."""

    process: Forked


def fork(data: Path, changed: Mapping[str, float] = SMALL, *, output: Path | None = None) -> ForkedAggregator:
    """Fork an aggregator that begins when it is told to.

    Args:
        data: its data folder.
        changed: name of a module's constant → value that it has in there.
        output: file for its own log lines, if not the tests' standard error.
    """
    port, intake_port = free_port(), free_port()
    reads, writes = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(
        target=_run, args=(reads, data, (port, intake_port), dict(changed), output), daemon=True
    )
    process.start()
    reads.close()

    def go() -> None:
        writes.send(None)
        writes.close()

    return ForkedAggregator(f"http://127.0.0.1:{port}", data, Forked(process, go), intake_port)


@contextmanager
def forked(
    data: Path, changed: Mapping[str, float] = SMALL, *, output: Path | None = None
) -> Iterator[Aggregator]:
    """Run a forked aggregator, and stop it if it has not ended."""
    aggregator = fork(data, changed, output=output)
    aggregator.process.go()
    try:
        wait_until_healthy(aggregator)
        yield aggregator
    finally:
        aggregator.process.terminate()
        status = aggregator.process.wait()
    assert status == 0


def _run(
    gate: Connection,
    data: Path,
    ports: tuple[int, int],
    changed: Mapping[str, float],
    output: Path | None,
) -> NoReturn:
    if output is not None:
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), sys.stderr.fileno())
    for name, value in changed.items():
        module, _, constant = name.rpartition(".")
        assert hasattr(importlib.import_module(module), constant)
        setattr(importlib.import_module(module), constant, value)
    sys.argv = [
        *("aggregator", "--data", str(data)),
        *("--port", str(ports[0]), "--intake-port", str(ports[1])),
    ]
    gate.recv()
    from aggregator.__main__ import main  # noqa: PLC0415 - it is no module of the tests

    main()
    sys.exit(0)
