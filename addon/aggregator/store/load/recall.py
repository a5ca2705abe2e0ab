"""What services did before a start, from the segments."""

import time
from collections import deque
from collections.abc import Sequence

import duckdb

from aggregator.store.activity import BUCKET_S, HOUR_S, LISTED_S, Activity
from aggregator.store.segments.counts import Counts
from aggregator.store.segments.quarantine import Quarantine
from aggregator.store.segments.segment import Segment

_READ_ROWS = 1_000_000
"""Rows of the last hour that are read one by one; a home writes fewer, and more would make a start slow."""


def recall(
    connection: duckdb.DuckDBPyConnection,
    activity: Activity,
    newest_first: Sequence[Segment],
    quarantine: Quarantine,
) -> None:
    """Count what services did lately: exactly for the last hour, before it by minutes of timestamps.

    Where more rows came in the last hour than are read, the older ones count by their timestamps too.

    Args:
        connection: to read with.
        activity: gets the counts; it has none yet.
        newest_first: all segments, those of the latest lines first.
        quarantine: keeps damaged ones away.
    """
    now_s = int(time.time())
    older = deque(newest_first)
    counts: list[tuple[int, str | None, str | None, int]] = []
    read_rows = 0
    # The present minute counts too where rows are not read.
    read_since_s = now_s + 60
    while older and read_rows < _READ_ROWS and quarantine.whole([older[0]]):
        recent = connection.execute(
            f"SELECT observed // {BUCKET_S * 10**9} * {BUCKET_S}, service, level, count(*) "
            f"FROM {older[0].view.relation} WHERE observed >= {(now_s - HOUR_S) * 10**9} GROUP BY ALL"
        ).fetchall()
        if not recent:
            read_since_s = now_s - HOUR_S
            break
        counts += recent
        read_rows += older.popleft().rows
    for segment in older:
        if segment.last_ns >= (now_s - LISTED_S) * 10**9:
            # Decoded for this alone: those of all segments take megabytes when they are kept.
            segment_counts = Counts.decode(segment.index.facts.counts)
            pairs = segment_counts.pairs
            minutes = ((now_s - LISTED_S) // 60, read_since_s // 60)
            sums = segment_counts.summed(*minutes, 1, range(len(pairs)))
            counts += [(60 * minute, *pairs[pair], rows) for minute, pair, rows in sums]
    for observed_s, service, level, count in sorted(counts, key=lambda entry: entry[0]):
        activity.add(observed_s, [(service, level, count)])
