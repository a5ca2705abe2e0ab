"""Which fields occur in the store, how often, and with values of what kind."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

import duckdb

from aggregator.query.ast import MatchAll
from aggregator.record import normalise
from aggregator.record.fields import RECORD_FIELDS, TIME_FIELDS
from aggregator.sql import quote_identifier, quote_literal
from aggregator.store.part import Part, View
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading
from aggregator.store.reads import FieldUse, FieldUses, Selection
from aggregator.store.segments.segment import Segment

_NUMBER: Final = "number"
_KIND_BY_START: Final = {'"': "string", "[": "array", "{": "object", "t": "boolean", "f": "boolean"}
"""Kind of JSON values by their first character; what is left is a number, or null."""

_NULL: Final = "n"
_SHOWN_AS: Final = {
    name: shown for shown, name in normalise.SENT_NAMES.items() if name not in normalise.MARKS
}
"""Names of senders' fields → those by which they come back; ours by these names are in every record."""

_STARTS: Final = (*_KIND_BY_START, _NULL)
_KIND_BY_TYPE: Final = {"VARCHAR": "string", "ARRAY": "array", "OBJECT": "object", "BOOLEAN": "boolean"}
"""Kind of JSON values by the engine's name; what is left is a number, or null."""

type _Kinds = Mapping[str, Mapping[str, int]]
"""Kind of value → rows, of each field."""


def fields(library: Library, selection: Selection, budget: Budget) -> FieldUses:
    """Find the fields that occur in rows, the most frequent first; null is no value.

    What a segment's rows come to is remembered, since they stay the same.
    """
    with library.open(budget) as reading:
        narrowed = reading.narrowed(selection)
        parts = sorted(reading.choose(narrowed), key=lambda part: part.last_ns, reverse=True)
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        present = Counter[str]()
        for found in reading.scan(
            parts, lambda connection, part: _kinds(reading, connection, part, narrowed)
        ):
            for name, rows in (found or {}).items():
                kinds[name].update(rows)
                present[name] += 1
        uses = [FieldUse(name, found.total(), present[name], dict(found)) for name, found in kinds.items()]
        uses.sort(key=lambda use: (-use.rows, use.field))
        return FieldUses(uses, reading.answers_partly)


def _kinds(
    reading: Reading, connection: duckdb.DuckDBPyConnection, part: Part, selection: Selection
) -> _Kinds:
    if not _is_whole(part, selection):
        return _counted(reading, connection, part.view, selection)
    if part.field_kinds is None:
        part.field_kinds = _counted(reading, connection, part.view, selection)
    return part.field_kinds


def _is_whole(part: Part, selection: Selection) -> bool:
    """Whether a selection has all rows of a part to which none will be added."""
    return (
        isinstance(part, Segment)
        and isinstance(selection.node, MatchAll)
        and (selection.start_ns is None or selection.start_ns <= part.first_ns)
        and (selection.end_ns is None or selection.end_ns > part.last_ns)
    )


def _counted(
    reading: Reading, connection: duckdb.DuckDBPyConnection, view: View, selection: Selection
) -> _Kinds:
    where = reading.condition(selection, view)
    counted = [f"count({quote_identifier(name)})" for name in RECORD_FIELDS]
    for column in map(quote_identifier, view.columns.values()):
        counted.append(f"count({column})")
        # With a FILTER for each the engine takes seconds and a gigabyte for some hundred columns.
        counted += [
            f"count(CASE WHEN starts_with({column}::VARCHAR, {quote_literal(start)}) THEN 1 END)"
            for start in _STARTS
        ]
    numbers = iter(
        connection.execute(
            f"SELECT {', '.join(counted)} FROM {view.relation} WHERE {where.sql}", where.parameters
        ).fetchone()
        or ()
    )
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name in RECORD_FIELDS:
        found[name]["time" if name in TIME_FIELDS else "string"] = next(numbers)
    for name in view.columns:
        rows = next(numbers)
        by_start = {start: next(numbers) for start in _STARTS}
        found[name][_NUMBER] = rows - sum(by_start.values())
        for start, kind in _KIND_BY_START.items():
            found[name][kind] += by_start[start]
    rest = connection.execute(
        f"SELECT key, type, count(*) FROM (SELECT {normalise.REST} AS rest FROM {view.relation} "
        f"WHERE {normalise.REST} IS NOT NULL AND {where.sql}), json_each(rest) GROUP BY ALL",
        where.parameters,
    ).fetchall()
    for name, kind, rows in rest:
        if kind != "NULL":
            found[_SHOWN_AS.get(name, name)][_KIND_BY_TYPE.get(kind, _NUMBER)] += rows
    return {name: +rows for name, rows in found.items() if rows.total()}
