"""Facets: the most frequent values of fields."""

from collections import Counter
from collections.abc import Sequence

import duckdb

from aggregator.query.fragment import SqlFilter
from aggregator.store.part import Part
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading, joined, union
from aggregator.store.read.tally import Dimension, tally
from aggregator.store.read.values import Field
from aggregator.store.reads import Facet, Facets, Selection

_DIMENSIONS: tuple[Dimension, ...] = ("service", "level")
"""Fields whose values the parts' counts tell."""


def facets(
    library: Library, selection: Selection, fields: Sequence[str], limit: int, budget: Budget
) -> Facets:
    """Find the most frequent values of fields, and how many there are.

    Args:
        library: the store.
        selection: of which rows.
        fields: names of fields, or dotted paths into one; each once.
        limit: most values of each.
        budget: when to stop.
    """
    with library.open(budget) as reading:
        found = _counted(reading, selection, [name for name in _DIMENSIONS if name in fields], limit)
        found |= _scanned(reading, selection, [Field(name) for name in fields if name not in found], limit)
        return Facets([found[name] for name in fields], reading.answers_partly)


def _counted(
    reading: Reading, selection: Selection, names: Sequence[Dimension], limit: int
) -> dict[str, Facet]:
    if not names:
        return {}
    counted = {name: Counter[str]() for name in names}
    for (_, service, level), rows in tally(reading, selection, None, names).items():
        for name, value in (("service", service), ("level", level)):
            if name in counted and value is not None:
                counted[name][value] += rows
    found: dict[str, Facet] = {}
    for name, values in counted.items():
        ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
        found[name] = Facet(name, ordered[:limit], len(ordered), values.total())
    return found


def _scanned(reading: Reading, selection: Selection, fields: Sequence[Field], limit: int) -> dict[str, Facet]:
    """Gather values group by group in a table of the engine, which may spill it, and sum them there."""
    if not fields:
        return {}
    narrowed = reading.narrowed(selection)
    with reading.table("field UTINYINT, value VARCHAR, rows BIGINT") as table:

        def gather(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
            values = _values(reading, parts, narrowed, fields)
            connection.execute(f"INSERT INTO {table} {values.sql}", values.parameters)

        reading.scan(reading.grouped(reading.choose(narrowed)), gather)
        summed = reading.summary(
            "SELECT field, value, rows, values, total FROM (SELECT field, value, sum(rows) AS rows, "
            "count(*) OVER (PARTITION BY field) AS values, "
            "sum(sum(rows)) OVER (PARTITION BY field) AS total "
            f"FROM {table} GROUP BY field, value) "
            f"QUALIFY row_number() OVER (PARTITION BY field ORDER BY rows DESC, value) <= {limit} "
            "ORDER BY field, rows DESC, value"
        )
    found = {field.name: Facet(field.name, [], 0, 0) for field in fields}
    for number, value, rows, distinct, total in summed:
        name = fields[number].name
        found[name] = Facet(name, [*found[name].values, (value, int(rows))], distinct, int(total))
    return found


def _values(
    reading: Reading, parts: Sequence[Part], selection: Selection, fields: Sequence[Field]
) -> SqlFilter:
    """SELECT number of the field, value as text and rows; values are made text only once grouped."""
    selects = []
    for each in joined(parts):
        view = each.view
        where = reading.condition(selection, view)
        values = ", ".join(f"{field.value(view)} AS v{number}" for number, field in enumerate(fields))
        selects.append(SqlFilter(f"SELECT {values} FROM {view.relation} WHERE {where.sql}", where.parameters))
    rows = union(selects)
    names = [f"v{number}" for number in range(len(fields))]
    number = " ".join(f"WHEN grouping({name}) = 0 THEN {number}" for number, name in enumerate(names))
    text = " ".join(
        f"WHEN grouping({name}) = 0 THEN {field.text(name)}"
        for name, field in zip(names, fields, strict=True)
    )
    sets = ", ".join(f"({name})" for name in names)
    return SqlFilter(
        f"SELECT field, value, sum(rows) FROM (SELECT CASE {number} END AS field, CASE {text} END AS value, "
        f"count(*) AS rows FROM ({rows.sql}) GROUP BY GROUPING SETS ({sets})) "
        "WHERE value IS NOT NULL GROUP BY field, value",
        rows.parameters,
    )
