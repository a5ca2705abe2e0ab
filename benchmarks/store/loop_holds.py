"""How long the aggregator's event loop is held by one callback, seen from inside its process.

As a program it runs the aggregator in its own process and notes each long callback:

    python loop_holds.py FILE python -m aggregator [OPTION …]

A round trip of `GET /health` says less: on a busy machine it mostly waits for a core. That wait is left out
here, a wait for the interpreter's lock is not.
"""

import asyncio
import runpy
import sys
import time
from asyncio import events
from pathlib import Path

_NOTED_MS = 1.0
"""Callbacks from this on are noted."""


def launcher(notes: Path) -> list[str]:
    """Return the command to put before the aggregator's own.

    Args:
        notes: the file that gets the durations of long callbacks in ms, one a line.
    """
    return [sys.executable, __file__, str(notes)]


def read(notes: Path) -> list[float]:
    """Return the noted durations so far, ms."""
    return [float(line) for line in notes.read_text().splitlines()]


def _note_long_callbacks(notes: Path) -> None:
    file = notes.open("w", buffering=1)
    handles = vars(events)["Handle"]
    run = handles._run  # noqa: SLF001 - asyncio has no public hook for this

    def timed(handle: asyncio.Handle) -> None:
        started, waited_ns = time.perf_counter(), _waited_for_core_ns()
        try:
            run(handle)
        finally:
            held_ms = 1e3 * (time.perf_counter() - started) - 1e-6 * (_waited_for_core_ns() - waited_ns)
            if held_ms >= _NOTED_MS:
                file.write(f"{held_ms:.3f}\n")

    handles._run = timed  # noqa: SLF001


def _waited_for_core_ns() -> int:
    """How long this thread was ready to run and had no core."""
    return int(Path("/proc/thread-self/schedstat").read_bytes().split()[1])


if __name__ == "__main__":
    _note_long_callbacks(Path(sys.argv[1]))
    # Behind the file stands the command as it would be without this: an interpreter, -m, the module.
    sys.argv = sys.argv[4:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
