"""What came behind a number, for live tails."""

import duckdb

from aggregator.query.ast import Node
from aggregator.record import normalise
from aggregator.record.output import Record, records
from aggregator.store.keep.archived import Archived
from aggregator.store.part import Part
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library
from aggregator.store.reads import Selection


def since(library: Library, after_seq: int, node: Node, limit: int) -> tuple[list[Record], int, int]:
    """Find the newest of the records that were stored behind a number.

    Returns:
        The records, oldest first; how many older ones were left out; the number up to which it looked.
    """
    rows: list[Record] = []
    matched = 0
    reached = after_seq
    with library.open(Budget()) as reading:

        def read(connection: duckdb.DuckDBPyConnection, part: Part) -> tuple[list[Record], int, int]:
            last_seq, view = part.last_seq, part.view
            where = reading.condition(Selection(node), view)
            condition = f"{normalise.SEQ} > ? AND {normalise.SEQ} <= ? AND {where.sql}"
            bound = (after_seq, last_seq, *where.parameters)
            (count,) = connection.execute(
                f"SELECT count(*) FROM {view.relation} WHERE {condition}", bound
            ).fetchone() or (0,)
            if not count:
                return [], 0, last_seq
            result = connection.execute(
                f"SELECT * FROM {view.relation} WHERE {condition} "
                f"ORDER BY {normalise.SEQ} DESC LIMIT {limit}",
                bound,
            )
            return records(result, view.columns)[::-1], count, last_seq

        # An archive may be of another store, whose lines have other numbers.
        own = [part for part in reading.parts if not isinstance(part, Archived)]
        newer = [part for part in own if part.last_seq > after_seq]
        for found in reading.scan(sorted(newer, key=lambda part: part.last_seq), read):
            # Where the time was over, the next look goes on.
            if found is None:
                break
            part_rows, part_matched, last_seq = found
            rows += part_rows
            matched += part_matched
            reached = max(reached, last_seq)
    rows = rows[-limit:]
    return rows, matched - len(rows), reached
