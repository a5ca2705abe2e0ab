"""Times requests over one keep-alive connection, warm."""

import http.client
import time
from dataclasses import dataclass

from benchmarks.aggregator import Aggregator
from benchmarks.store.figures import percentile
from benchmarks.store.routes import Request

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


def timed(aggregator: Aggregator, connection: http.client.HTTPConnection, request: Request) -> Timing:
    """Send a request again and again; a slow one as often as 30 s allow.

    Raises:
        AnswerError: an answer is not 200.
    """
    durations_ms: list[float] = []
    answer = b""
    deadline = time.monotonic() + _MOST_S
    for run in range(_WARM_UP + _RUNS):
        started = time.perf_counter()
        answer = aggregator.ask(connection, "POST", request.path, request.body)
        duration_ms = 1000 * (time.perf_counter() - started)
        if run >= _WARM_UP:
            durations_ms.append(duration_ms)
        if time.monotonic() > deadline:
            break
    durations_ms = durations_ms or [duration_ms]
    return Timing(percentile(durations_ms, 50), percentile(durations_ms, 95), answer)
