"""Reads over parts: newest or oldest first, page by page, within a time budget."""

import heapq
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

import duckdb

from aggregator.query.ast import Node
from aggregator.query.scope import time_bounds
from aggregator.query.sql import SqlFilter, compile_filter
from aggregator.record import normalise
from aggregator.record.fields import RECORD_FIELDS
from aggregator.record.output import Record, records
from aggregator.store.part import Catalogue, Part, View
from aggregator.store.protocol import Page, Position, Search

_RECORD_COLUMNS = {name: name for name in RECORD_FIELDS}


class Reader:
    """Runs reads over the parts of a catalogue.

    Args:
        database: the in-memory database.
        catalogue: the parts.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    def search(self, search: Search, time_budget_s: float) -> Page:
        """Find one page of records.

        Parts are read in the order of time, and only as far as the page reaches.
        """
        deadline = time.monotonic() + time_budget_s
        now_ns = time.time_ns()
        search = _narrowed(search, now_ns)
        wanted = search.limit + 1
        sign = -1 if search.newest_first else 1
        found: list[tuple[int, int, Record]] = []
        partial = False
        with self._catalogue.lease() as leased, self._cursor(deadline) as connection:
            parts = [part for part in leased if _overlaps(part, search)]
            parts.sort(key=lambda part: -part.last_ns if search.newest_first else part.first_ns)
            for part in parts:
                nearest = part.last_ns if search.newest_first else part.first_ns
                if len(found) >= wanted and found[-1][0] < sign * nearest:
                    break
                # An interrupt that comes between two statements stops neither of them.
                if time.monotonic() >= deadline:
                    partial = True
                    break
                try:
                    rows = self._search_part(connection, part, search, now_ns, wanted)
                except duckdb.InterruptException:
                    partial = True
                    break
                keyed = ((sign * record.timestamp_ns, sign * record.seq, record) for record in rows)
                found = list(islice(heapq.merge(found, keyed, key=lambda entry: entry[:2]), wanted))
        rows = [record for _, _, record in found[: search.limit]]
        more = len(found) > search.limit or (partial and bool(rows))
        last = Position(rows[-1].timestamp_ns, rows[-1].seq) if more else None
        return Page(rows, last, partial)

    def since(self, after_seq: int, node: Node, limit: int) -> tuple[list[Record], int, int]:
        """Find the newest of the records that were stored behind a number, for a live tail.

        Returns:
            The records, oldest first; how many older ones were left out; the number up to which it looked.
        """
        rows: list[Record] = []
        matched = 0
        reached = after_seq
        now_ns = time.time_ns()
        with self._catalogue.lease() as parts, self._cursor(None) as connection:
            for part in sorted(parts, key=lambda part: part.last_seq):
                last_seq = part.last_seq
                if last_seq <= after_seq:
                    continue
                view = part.view
                where = _compile(node, view, now_ns)
                condition = f"{normalise.SEQ} > ? AND {normalise.SEQ} <= ? AND {where.sql}"
                bound = (after_seq, last_seq, *where.parameters)
                (count,) = connection.execute(
                    f"SELECT count(*) FROM {view.relation} WHERE {condition}",
                    bound,
                ).fetchone() or (0,)
                if count:
                    matched += count
                    result = connection.execute(
                        f"SELECT * FROM {view.relation} WHERE {condition} "
                        f"ORDER BY {normalise.SEQ} DESC LIMIT {limit}",
                        bound,
                    )
                    rows += reversed(records(result, view.columns))
                reached = max(reached, last_seq)
        rows = rows[-limit:]
        return rows, matched - len(rows), reached

    def _search_part(
        self, connection: duckdb.DuckDBPyConnection, part: Part, search: Search, now_ns: int, limit: int
    ) -> list[Record]:
        view = part.view
        where = _compile(search.node, view, now_ns)
        conditions = [where.sql]
        bound: list[object] = [*where.parameters]
        if search.start_ns is not None:
            conditions.append("timestamp >= ?")
            bound.append(search.start_ns)
        if search.end_ns is not None:
            conditions.append("timestamp < ?")
            bound.append(search.end_ns)
        if search.after is not None:
            beyond = "<" if search.newest_first else ">"
            conditions.append(f"(timestamp {beyond} ? OR (timestamp = ? AND {normalise.SEQ} {beyond} ?))")
            bound += [search.after.timestamp_ns, search.after.timestamp_ns, search.after.seq]
        order = "DESC" if search.newest_first else "ASC"
        result = connection.execute(
            f"SELECT * FROM {view.relation} WHERE {' AND '.join(conditions)} "
            f"ORDER BY timestamp {order}, {normalise.SEQ} {order} LIMIT {limit}",
            bound,
        )
        return records(result, view.columns)

    @contextmanager
    def _cursor(self, deadline: float | None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one read, interrupted when its time is over."""
        with self._database.cursor() as connection:
            if deadline is None:
                yield connection
                return
            timer = threading.Timer(deadline - time.monotonic(), connection.interrupt)
            timer.daemon = True
            timer.start()
            try:
                yield connection
            finally:
                timer.cancel()


def _overlaps(part: Part, search: Search) -> bool:
    if not part.rows:
        return False
    after = search.after
    if after is not None:
        if search.newest_first and part.first_ns > after.timestamp_ns:
            return False
        if not search.newest_first and part.last_ns < after.timestamp_ns:
            return False
    return (search.start_ns is None or part.last_ns >= search.start_ns) and (
        search.end_ns is None or part.first_ns < search.end_ns
    )


def _narrowed(search: Search, now_ns: int) -> Search:
    """The same search with the times that its query implies, so that parts outside of them are left out."""
    first_ns, last_ns = time_bounds(search.node, now_ns)
    starts = [bound for bound in (search.start_ns, first_ns) if bound is not None]
    ends = [bound for bound in (search.end_ns, last_ns) if bound is not None]
    return replace(search, start_ns=max(starts, default=None), end_ns=min(ends, default=None))


def _compile(node: Node, view: View, now_ns: int) -> SqlFilter:
    return compile_filter(node, {**_RECORD_COLUMNS, **view.columns}, now_ns, rest=normalise.REST)
