"""Numbers computed of a field, group by group.

Scans gather the states of the groups in a table of the engine; the functions are of all of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import duckdb

from aggregator import limits
from aggregator.errors import InvalidFieldError
from aggregator.query.fragment import SqlFilter
from aggregator.store.part import Part
from aggregator.store.read import states
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading, joined, union
from aggregator.store.read.states import State
from aggregator.store.read.tally import check_step, extent
from aggregator.store.read.values import Field
from aggregator.store.reads import Aggregate, Group, Groups

_NS_PER_S: Final = 10**9


def aggregate(library: Library, asked: Aggregate, budget: Budget) -> Groups:
    """Compute numbers of a field, group by group.

    With a field, only rows that have a number there count. A quantile between two values lies in proportion
    between them; with more rows to look through than `EXACT_QUANTILE_ROWS` it is nearly that. A group's rate
    is per second of its stretch of time; without a step, of the whole range.

    Raises:
        InvalidFieldError: there are too many groups, or the step is too short for its range.
    """
    with library.open(budget) as reading:
        start_ns, end_ns = extent(reading, asked.selection)
        if asked.step_ns is not None:
            check_step(asked.step_ns, start_ns, end_ns)
        narrowed = reading.narrowed(asked.selection)
        chosen = reading.choose(narrowed)
        state = _state(asked, sum(part.rows for part in chosen))
        keys = [f"k{number} VARCHAR" for number in range(len(asked.by))]
        with reading.table(", ".join(["start BIGINT", *keys, state.columns])) as table:

            def gather(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
                select = _states(reading, parts, replace(asked, selection=narrowed), state)
                connection.execute(f"INSERT INTO {table} {select.sql}", select.parameters)

            reading.scan(reading.grouped(chosen), gather)
            rate_s = (asked.step_ns or end_ns - start_ns) / _NS_PER_S
            computed = _computed(reading, asked, state, table, rate_s)
        width = 1 + len(asked.by)
        groups = [
            Group(row[0], row[1:width], dict(zip(asked.functions, row[width:], strict=True)))
            for row in computed
        ]
        return Groups(groups, reading.answers_partly, exact=state is not states.BUCKETS)


def _state(asked: Aggregate, most_rows: int) -> State:
    if not states.has_quantile(asked.functions):
        return states.SUMS
    return states.NUMBERS if most_rows <= limits.EXACT_QUANTILE_ROWS else states.BUCKETS


def _states(reading: Reading, parts: Sequence[Part], asked: Aggregate, state: State) -> SqlFilter:
    """SELECT the groups' keys and states, of some parts."""
    by = [Field(name) for name in asked.by]
    start = "NULL" if asked.step_ns is None else f"timestamp // {asked.step_ns} * {asked.step_ns}"
    selects = []
    for each in joined(parts):
        view = each.view
        where = reading.condition(asked.selection, view)
        number, may_count = "NULL::DOUBLE", "TRUE"
        if asked.field is not None:
            number, may_count = Field(asked.field).number(view), Field(asked.field).may_have(view)
        keys = [f"{field.value(view)} AS k{index}" for index, field in enumerate(by)]
        values = ", ".join([f"{start} AS start", *keys, f"{number} AS number"])
        select = f"SELECT {values} FROM {view.relation} WHERE {where.sql} AND ({may_count})"
        selects.append(SqlFilter(select, where.parameters))
    rows = union(selects)
    keys = ["start", *(f"k{index}" for index in range(len(by)))]
    texts = ["start", *(field.text(f"k{index}") for index, field in enumerate(by))]
    counted = "TRUE" if asked.field is None else "isfinite(number)"
    return SqlFilter(
        f"SELECT {', '.join([*texts, *state.by, state.select])} FROM ({rows.sql}) WHERE {counted} "
        f"GROUP BY {', '.join([*keys, *state.by])}",
        rows.parameters,
    )


def _computed(
    reading: Reading, asked: Aggregate, state: State, table: str, rate_s: float
) -> list[tuple[Any, ...]]:
    functions = state.functions(rate_s)
    keys = ["start", *(f"k{index}" for index in range(len(asked.by)))]
    found = reading.summary(
        f"SELECT {', '.join([*keys, *(functions[function] for function in asked.functions)])} "
        f"FROM {state.gathered.format(table=table, keys=', '.join(keys))} "
        f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(f'{key} NULLS FIRST' for key in keys)} "
        f"LIMIT {limits.GROUPS + 1}"
    )
    if len(found) > limits.GROUPS:
        raise InvalidFieldError(f"by: makes more than {limits.GROUPS} groups", field="by")
    return found
