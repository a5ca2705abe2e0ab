"""Searches of the last hour, with thirty days stored and with one."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks.aggregator import running
from benchmarks.store import routes
from benchmarks.store.blocks import Block, Span
from benchmarks.store.figures import Figure, at_most
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.store.options import Options
from benchmarks.store.queries import needle
from benchmarks.store.timing import Timing, timed

_DAYS = 30
_KEPT_DAYS = 90
_HOURS = 24


def measure(options: Options) -> Iterator[Figure]:
    """Time the same searches on a store of one day and on one of thirty that end alike."""
    block = Block(max(1, options.rows_a_day // _HOURS), Span.HOUR)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    one, _ = _search_last_hour(options, block, 1, end)
    many, segments = _search_last_hour(options, block, _DAYS, end)
    for query, timing in many.items():
        found, expected = routes.read_rows(timing.answer), routes.read_rows(one[query].answer)
        alike = [row["timestamp"] for row in found] == [row["timestamp"] for row in expected]
        yield Figure(
            name=f"last hour: {query or 'latest 100'}"[:50],
            unit="x",
            measured=timing.median_ms / one[query].median_ms if alike else None,
            goal=at_most(1.2),
            note=f"{one[query].median_ms:.1f} → {timing.median_ms:.1f} ms, {len(found)} rows"
            if alike
            else "WRONG ANSWER: other rows than with one day stored",
        )
    yield Figure(
        name="segments",
        unit="",
        measured=segments,
        note=f"{_DAYS} days of {_HOURS * block.rows:,} rows; answers do not say which ones they open",
    )


def _search_last_hour(
    options: Options, block: Block, days: int, end: datetime
) -> tuple[dict[str, Timing], int]:
    start = end - timedelta(days=days)
    last = days * _HOURS - 1
    # The last copy has the same number in both stores, and so the same IDs.
    first_number = (_DAYS - days) * _HOURS
    origin = start - first_number * block.span.duration
    last_lines = block.lines(first_number + last, origin)
    searches = ("", "level:error service:data-api", needle(last_lines).query, "*kitchen_temp*", "xylophonist")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as aggregator:
        aggregator.keep_days(_KEPT_DAYS)
        send_all(aggregator, block.copies(range(first_number, first_number + last + 1), origin))
        wait_found(aggregator, days * _HOURS * block.rows)
        wait_quiet(aggregator, options.settle_s)
        connection = aggregator.connect()
        first, behind = (end - block.span.duration).isoformat(), end.isoformat()
        timings = {}
        for query in searches:
            request = routes.search(query, start=first, end=behind)
            timings[query] = timed(partial(aggregator.ask, connection, "POST", request.path, request.body))
        connection.close()
        return timings, aggregator.stored()[1]
