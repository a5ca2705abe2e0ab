"""What ten times the rows cost: the same queries at both sizes, and a start with all of them."""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.aggregator import Aggregator, running
from benchmarks.store.blocks import Block, Span
from benchmarks.store.figures import Figure, at_most
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.store.options import Options
from benchmarks.store.queries import absent_word, needle, p95, top_100, word_count
from benchmarks.store.query_kinds import Query
from benchmarks.store.query_suite import checked

_BLOCK_ROWS = 55_000
_SETTLED_S = 10.0
_SEARCH_GOAL = 2.0


def measure(options: Options) -> Iterator[Figure]:
    """Store ROWS, ask, store up to SCALE times ROWS, ask again, and start once more."""
    block = Block(min(_BLOCK_ROWS, options.rows), Span.MINUTE)
    small = max(1, options.rows // block.rows)
    large = small * options.scale
    now = datetime.now(UTC)
    start = now.replace(second=0, microsecond=0) - large * block.span.duration
    generating_s = large * _copying_s(block)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running(data) as aggregator:
            _send(aggregator, block, range(small), start, options.settle_s)
            before = _ask(aggregator, block, small, start)
            sending_s = _send(aggregator, block, range(small, large), start, options.settle_s)
            yield Figure(
                name=f"sending up to {large * block.rows:,} rows",
                unit="s",
                measured=sending_s,
                note=f"after {small * block.rows:,}; generating all took about {generating_s:.1f} s",
            )
            yield Figure(name="peak RSS (VmHWM), all rows", unit="MiB", measured=aggregator.peak_rss_mb())
            after = _ask(aggregator, block, large, start)
        for name, (figure, goal) in after.items():
            yield _ratio(before[name][0], figure, options.scale, goal)
        yield from _start_again(data)


def _copying_s(block: Block) -> float:
    started = time.perf_counter()
    for _ in block.copy(0, datetime.now(UTC)):
        pass
    return time.perf_counter() - started


def _send(aggregator: Aggregator, block: Block, numbers: range, start: datetime, settle_s: float) -> float:
    """Send copies and wait until all is done; return the seconds until the last acknowledgement."""
    started = time.perf_counter()
    send_all(aggregator, block.copies(numbers, start))
    duration_s = time.perf_counter() - started
    wait_found(aggregator, numbers.stop * block.rows)
    wait_quiet(aggregator, settle_s)
    return duration_s


def _ask(
    aggregator: Aggregator, block: Block, copies: int, start: datetime
) -> dict[str, tuple[Figure, float | None]]:
    """Time each query and return its figure with the goal of its ratio."""
    connection = aggregator.connect()
    return {
        query.name: (checked(aggregator, connection, query, expected), goal)
        for query, expected, goal in _queries(block, copies, start)
    }


def _queries(block: Block, copies: int, start: datetime) -> list[tuple[Query[Any], object, float | None]]:
    """Return queries with their answers and goals; a full scan may grow with the rows and has None."""
    last = block.lines(copies - 1, start)
    middle = block.lines(copies // 2, start)
    one, counting, ranking = needle(middle), word_count(), p95()
    return [
        (top_100(), last, _SEARCH_GOAL),
        (one, one.naive(middle), _SEARCH_GOAL),
        (absent_word(), [], _SEARCH_GOAL),
        (counting, copies * counting.naive(last), None),
        (ranking, ranking.naive(last), None),
    ]


def _ratio(before: Figure, after: Figure, scale: int, goal: float | None) -> Figure:
    name = f"{after.name} at {scale} x the rows"
    if before.measured is None or after.measured is None:
        return Figure(name=name, unit="x", measured=None, note=f"{before.note} → {after.note}")
    return Figure(
        name=name,
        unit="x",
        measured=after.measured / before.measured,
        goal=at_most(goal or scale),
        note=f"{before.measured:.1f} → {after.measured:.1f} ms",
    )


def _start_again(data: Path) -> Iterator[Figure]:
    with running(data) as aggregator:
        yield Figure(name="start to ready, all rows", unit="s", measured=aggregator.start_s)
        time.sleep(_SETTLED_S)
        yield Figure(
            name="idle RSS after the start, all rows",
            unit="MiB",
            measured=aggregator.rss_mb(),
            goal=at_most(110),
        )
