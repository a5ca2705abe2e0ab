"""Lines of text through a running aggregator, beside NDJSON through another."""

import http.client
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.aggregator import Aggregator, running
from benchmarks.corpus import bodies
from benchmarks.store.figures import Figure, at_least
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.text import corpus

_SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class _Cost:
    rows_per_s: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class _Pushed:
    """An aggregator as one that takes pushes."""

    aggregator: Aggregator

    def connect(self) -> http.client.HTTPConnection:
        """Open a keep-alive connection to the port for other log servers' senders."""
        return http.client.HTTPConnection("127.0.0.1", self.aggregator.intake_port, timeout=120)

    def take(self, connection: http.client.HTTPConnection, lines: bytes) -> None:
        """Send a push; returns when it is acknowledged."""
        headers = {
            "Authorization": f"Bearer {self.aggregator.token('ingest')}",
            "Content-Type": "application/json",
        }
        connection.request("POST", "/loki/api/v1/push", lines, headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != http.client.NO_CONTENT:
            raise RuntimeError(f"a push was answered by {answer.status}: {body[:300]!r}")

    def rows(self) -> int:
        """Return how many rows can be found."""
        return self.aggregator.rows()


def measure(rows: int) -> Iterator[Figure]:
    """Send the corpus as NDJSON, then as text in pushes.

    Args:
        rows: lines of each.
    """
    ndjson = _send(list(bodies(rows)), rows, pushed=False)
    yield Figure(name="NDJSON", unit="rows/s", measured=ndjson.rows_per_s)
    yield Figure(name="NDJSON, CPU a row until quiet", unit="µs", measured=ndjson.cpu_us)
    texts = {
        "Home Assistant Core": corpus.lines_by_format(rows)["Home Assistant Core"],
        "a home's formats, mixed": corpus.home(rows),
    }
    for name, lines in texts.items():
        text = _send(corpus.pushes(lines), rows, pushed=True)
        yield Figure(
            name=f"{name} ÷ NDJSON, rows/s",
            unit="x",
            measured=text.rows_per_s / ndjson.rows_per_s,
            goal=at_least(0.4),
            note=f"{text.rows_per_s:,.0f} rows/s",
        )
        yield Figure(name=f"{name}, CPU a row until quiet", unit="µs", measured=text.cpu_us)


def _send(batches: list[bytes], rows: int, *, pushed: bool) -> _Cost:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as aggregator:
        before_s = aggregator.cpu_s()
        started = time.perf_counter()
        send_all(_Pushed(aggregator) if pushed else aggregator, batches)
        duration_s = time.perf_counter() - started
        wait_found(aggregator, rows)
        wait_quiet(aggregator, _SETTLE_S)
        return _Cost(rows / duration_s, 1e6 * (aggregator.cpu_s() - before_s) / rows)
