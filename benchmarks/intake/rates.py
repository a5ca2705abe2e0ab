"""Rows a second of each protocol, beside JSON lines."""

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.aggregator import Aggregator, AnswerError, running
from benchmarks.corpus import bodies
from benchmarks.intake.protocols import PROTOCOLS, REFERENCE, Protocol
from benchmarks.store.figures import Figure, at_least
from benchmarks.store.load import send_all, wait_found

_TIMEOUT_S = 120.0
_RATIO = 0.5
"""Of the rate of JSON lines, which need least work."""


@dataclass(frozen=True, slots=True)
class _Sender:
    """Sends the bodies of one protocol."""

    aggregator: Aggregator
    protocol: Protocol

    def connect(self) -> http.client.HTTPConnection:
        """Open a keep-alive connection."""
        return http.client.HTTPConnection("127.0.0.1", self.aggregator.intake_port, timeout=_TIMEOUT_S)

    def take(self, connection: http.client.HTTPConnection, lines: bytes) -> None:
        """Send a body; returns when it is acknowledged."""
        headers = {"Authorization": f"Bearer {self.aggregator.token('ingest')}", **self.protocol.headers}
        connection.request("POST", self.protocol.path, lines, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status >= http.client.BAD_REQUEST:
            raise AnswerError(self.protocol.path, response.status, answer)

    def rows(self) -> int:
        """Return how many rows can be found."""
        return self.aggregator.rows()


@dataclass(frozen=True, slots=True)
class _Rate:
    """What one protocol reached.

    Args:
        acknowledged: rows a second until the last acknowledgement.
        found: rows a second until all of them could be found.
        cpu_us: processor time of the aggregator for a row until then.
        body_bytes: size of a body.
    """

    acknowledged: float
    found: float
    cpu_us: float
    body_bytes: int


def measure(rows: int, names: list[str]) -> Iterator[Figure]:
    """Send the same lines by each protocol, each to an aggregator of its own.

    Args:
        rows: how many.
        names: of the protocols.
    """
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    corpus = [
        list(map(json.loads, body.splitlines())) for body in bodies(rows, start=today - timedelta(days=1))
    ]
    before = _rate(PROTOCOLS[REFERENCE], corpus)
    rates = {name: _rate(PROTOCOLS[name], corpus) for name in names if name != REFERENCE}
    references = [before, _rate(PROTOCOLS[REFERENCE], corpus)]
    for what, of in _KINDS.items():
        reference = statistics.mean(map(of, references))
        spread = " and ".join(f"{of(rate):,.0f}" for rate in references)
        yield Figure(
            name=f"{REFERENCE}, {what}",
            unit="rows/s",
            measured=reference,
            note=f"{spread}; {_cost(references[0])}",
        )
        for name, rate in rates.items():
            yield Figure(
                name=f"{name}, {what}, ÷ {REFERENCE}",
                unit="x",
                measured=of(rate) / reference,
                goal=at_least(_RATIO),
                note=f"{of(rate):,.0f} rows/s; {_cost(rate)}",
            )


_KINDS: dict[str, Callable[[_Rate], float]] = {
    "acknowledged": lambda rate: rate.acknowledged,
    "found": lambda rate: rate.found,
}


def _cost(rate: _Rate) -> str:
    return f"{rate.cpu_us:.1f} µs of CPU a row, {rate.body_bytes / 1e6:.2f} MB a body"


def _rate(protocol: Protocol, corpus: list[list[dict[str, object]]]) -> _Rate:
    encoded = [protocol.encode(list(lines)) for lines in corpus]
    rows = sum(map(len, corpus))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as aggregator:
        sender = _Sender(aggregator, protocol)
        cpu_before_s = aggregator.cpu_s()
        started = time.perf_counter()
        send_all(sender, encoded)
        acknowledged_s = time.perf_counter() - started
        wait_found(sender, rows)
        found_s = time.perf_counter() - started
        cpu_s = aggregator.cpu_s() - cpu_before_s
    return _Rate(rows / acknowledged_s, rows / found_s, 1e6 * cpu_s / rows, len(encoded[0]))
