"""Times requests, warm."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.store.figures import percentile

_WARM_UP = 3
_RUNS = 20
_MOST_S = 30.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a request took.

    Args:
        median_ms: from sending it until the last byte of its answer.
        p95_ms: likewise.
        answer: the last answer.
    """

    median_ms: float
    p95_ms: float
    answer: bytes


def timed(ask: Callable[[], bytes]) -> Timing:
    """Ask again and again; what is slow only as often as 30 s allow.

    Args:
        ask: sends a request and returns its whole answer.
    """
    durations_ms: list[float] = []
    deadline = time.monotonic() + _MOST_S
    for run in range(_WARM_UP + _RUNS):
        started = time.perf_counter()
        answer = ask()
        durations_ms.append(1000 * (time.perf_counter() - started))
        if time.monotonic() > deadline and run >= _WARM_UP:
            break
    warm_ms = durations_ms[_WARM_UP:]
    return Timing(percentile(warm_ms, 50), percentile(warm_ms, 95), answer)
