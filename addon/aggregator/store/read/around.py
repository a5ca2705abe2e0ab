"""Lines that belong to a line: those around it, and those of the same request."""

import duckdb

from aggregator.errors import NotFoundError, ReadTimeoutError
from aggregator.query.ast import And, Exists, Literally, Node, Not, Or, Term
from aggregator.record import normalise
from aggregator.record.output import Record, records
from aggregator.store.part import View
from aggregator.store.read import search
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading
from aggregator.store.reads import Context, Position, Search

_SAME = ("service", "host")


def context(library: Library, seq: int, lines: int, budget: Budget) -> Context:
    """Find a line and the lines around it, of the same service and host.

    Args:
        library: the store.
        seq: the line's number.
        lines: most lines before it, and after it.
        budget: when to stop.

    Raises:
        NotFoundError: there is no such line, or no more.
        ReadTimeoutError: the time was over before it was found.
    """
    with library.open(budget) as reading:
        row = _row(reading, seq)
        node = And(tuple(_same(name, row.fields.get(name)) for name in _SAME))
        here = Position(row.timestamp_ns, row.seq)
        earlier = search.find(reading, Search(node, limit=lines, after=here))
        later = search.find(reading, Search(node, limit=lines, newest_first=False, after=here))
    return Context(earlier.rows[::-1], row, later.rows, reading.answers_partly)


def trace_node(trace_id: str) -> Node:
    """Build the search for all lines of one request, by its trace ID or its correlation ID."""
    return Or(
        (
            Term("correlation_id", Literally(trace_id)),
            Term("trace_id", Literally(trace_id.lower())),
        )
    )


def _row(reading: Reading, seq: int) -> Record:
    def read(connection: duckdb.DuckDBPyConnection, view: View) -> list[Record]:
        result = connection.execute(f"SELECT * FROM {view.relation} WHERE {normalise.SEQ} = ?", [seq])
        return records(result, view.columns)

    views = [part.view for part in reading.parts if part.rows and part.first_seq <= seq <= part.last_seq]
    for found in reading.scan(views, read):
        if found:
            return found[0]
    if reading.partial:
        raise ReadTimeoutError("the time was over before the line was found")
    raise NotFoundError(f"there is no line {seq}")


def _same(name: str, value: object) -> Node:
    if value is None:
        return Not(Term(name, Exists()))
    return Term(name, Literally(str(value)))
