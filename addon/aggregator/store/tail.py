"""What came behind a number, for live tails."""

from aggregator.query.ast import Node
from aggregator.record import normalise
from aggregator.record.output import Record, records
from aggregator.store.archived import Archived
from aggregator.store.budget import Budget
from aggregator.store.reading import Library
from aggregator.store.reads import Selection


def since(library: Library, after_seq: int, node: Node, limit: int) -> tuple[list[Record], int, int]:
    """Find the newest of the records that were stored behind a number.

    Returns:
        The records, oldest first; how many older ones were left out; the number up to which it looked.
    """
    rows: list[Record] = []
    matched = 0
    reached = after_seq
    with library.open(Budget()) as reading, reading.cursor() as connection:
        for part in sorted(reading.parts, key=lambda part: part.last_seq):
            last_seq = part.last_seq
            # An archive may be of another store, whose lines have other numbers.
            if last_seq <= after_seq or isinstance(part, Archived):
                continue
            view = part.view
            where = reading.condition(Selection(node), view)
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
