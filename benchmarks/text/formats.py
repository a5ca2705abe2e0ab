"""What a line of each format costs to understand, beside what NDJSON costs to decode and to load."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from aggregator.intake.ndjson import decode
from aggregator.intake.text.entries import Entries, lines_of
from aggregator.store.embedded import EmbeddedStore, StoreEvents
from benchmarks.corpus import bodies
from benchmarks.store.figures import Figure, at_least, at_most
from benchmarks.text import corpus

_BODY_LINES = 5000
_ROUNDS = 7
_FOUND_S = 60.0


def measure(rows: int) -> Iterator[Figure]:
    """Understand lines in bodies of 5,000, and load NDJSON into a store of this process.

    Args:
        rows: lines of each format.
    """
    ndjson_us = _ndjson_us(rows)
    yield Figure(name="NDJSON, decoded and loaded", unit="µs", measured=ndjson_us, note="CPU a line")
    mixed = {"a home's formats, mixed": corpus.home(rows)}
    for name, lines in (corpus.lines_by_format(rows) | mixed).items():
        cost_us = _understand_us(lines)
        yield Figure(name=f"{name}, understood", unit="µs", measured=cost_us, goal=at_most(4))
        yield Figure(
            name=f"{name}, NDJSON ÷ both",
            unit="x",
            measured=ndjson_us / (ndjson_us + cost_us),
            goal=at_least(0.4),
        )


def _understand_us(lines: list[bytes]) -> float:
    batches = [lines[at : at + _BODY_LINES] for at in range(0, len(lines), _BODY_LINES)]
    entries = [Entries(batch, [b'"service":"x","timestamp":"1"'] * len(batch), ()) for batch in batches]

    def understand() -> None:
        for batch in entries:
            lines_of([batch])

    return _best_us(understand, len(lines))


def _ndjson_us(rows: int) -> float:
    batches = list(bodies(rows))

    def load() -> None:
        with tempfile.TemporaryDirectory() as folder:
            events = StoreEvents(lambda _: None, lambda _: None, lambda _: None, lambda _: None)
            store = EmbeddedStore(Path(folder), events)
            for batch in batches:
                decoded = decode(batch)
                store.append(decoded.lines, decoded.rows, "benchmark")
            deadline = time.monotonic() + _FOUND_S
            while store.last_seq < rows:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{store.last_seq} of {rows} rows can be found after {_FOUND_S} s")
                time.sleep(0.005)
            store.close()

    return _best_us(load, rows, rounds=3)


def _best_us(work: Callable[[], None], lines: int, rounds: int = _ROUNDS) -> float:
    """Return the least processor time of several rounds, µs a line."""
    best_s = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        work()
        best_s = min(best_s, time.process_time() - started)
    return 1e6 * best_s / lines
