"""Numbers computed of a field, group by group.

Scans gather in a table of the engine what adds up: sums where that is enough, every number where quantiles
are asked for, so that these are exact over all parts. The engine spills what does not fit its memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import duckdb

from aggregator import limits
from aggregator.errors import InvalidFieldError
from aggregator.query.fragment import SqlFilter
from aggregator.store.part import Part
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading, joined, union
from aggregator.store.read.tally import check_step, extent
from aggregator.store.read.values import Field
from aggregator.store.reads import Aggregate, Function, Group, Groups

_QUANTILES: Final = {Function.P50: "0.5", Function.P95: "0.95", Function.P99: "0.99"}
_NS_PER_S: Final = 10**9


@dataclass(frozen=True, slots=True)
class _State:
    """What is gathered of a group, in SQL.

    Args:
        columns: its columns with their types.
        select: what they are, of some parts' rows of one group.
        gathered: what the table of all that was gathered is to the functions below.
        rows, total, low, high: count, sum, least and greatest of the numbers, of all that was gathered.
    """

    columns: str
    select: str
    gathered: str
    rows: str
    total: str
    low: str
    high: str


_SUMS: Final = _State(
    "rows BIGINT, total DOUBLE, low DOUBLE, high DOUBLE",
    "count(*), sum(number), min(number), max(number)",
    gathered="{table}",
    rows="sum(rows)::BIGINT",
    total="sum(total)",
    low="min(low)",
    high="max(high)",
)
_NUMBERS: Final = _State(
    "numbers DOUBLE[]",
    "list(number)",
    gathered="(SELECT * EXCLUDE (numbers), unnest(numbers) AS number FROM {table})",
    rows="count(*)",
    total="sum(number)",
    low="min(number)",
    high="max(number)",
)


def aggregate(library: Library, asked: Aggregate, budget: Budget) -> Groups:
    """Compute numbers of a field, group by group.

    With a field, only rows that have a number there count. A quantile between two values lies in proportion
    between them. A group's rate is per second of its stretch of time; without a step, of the whole range.

    Raises:
        InvalidFieldError: there are too many groups, or the step is too short for its range.
    """
    with library.open(budget) as reading:
        start_ns, end_ns = extent(reading, asked.selection)
        if asked.step_ns is not None:
            check_step(asked.step_ns, start_ns, end_ns)
        narrowed = reading.narrowed(asked.selection)
        keys = [f"k{number} VARCHAR" for number in range(len(asked.by))]
        with reading.table(", ".join(["start BIGINT", *keys, _state(asked).columns])) as table:

            def gather(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
                states = _states(reading, parts, replace(asked, selection=narrowed))
                connection.execute(f"INSERT INTO {table} {states.sql}", states.parameters)

            reading.scan(reading.grouped(reading.choose(narrowed)), gather)
            computed = _computed(reading, asked, table, asked.step_ns or end_ns - start_ns)
        width = 1 + len(asked.by)
        groups = [
            Group(row[0], row[1:width], dict(zip(asked.functions, row[width:], strict=True)))
            for row in computed
        ]
        return Groups(groups, reading.partial)


def _states(reading: Reading, parts: Sequence[Part], asked: Aggregate) -> SqlFilter:
    """SELECT the groups' keys and what adds up, of some parts; or of each row, where quantiles need that."""
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
        f"SELECT {', '.join(texts)}, {_state(asked).select} FROM ({rows.sql}) WHERE {counted} "
        f"GROUP BY {', '.join(keys)}",
        rows.parameters,
    )


def _state(asked: Aggregate) -> _State:
    return _SUMS if _QUANTILES.keys().isdisjoint(asked.functions) else _NUMBERS


def _computed(reading: Reading, asked: Aggregate, table: str, duration_ns: int) -> list[tuple[Any, ...]]:
    state = _state(asked)
    functions = {
        Function.COUNT: state.rows,
        Function.RATE: f"{state.rows} * {_NS_PER_S}.0 / nullif({duration_ns}, 0)",
        Function.SUM: state.total,
        Function.AVG: f"{state.total} / {state.rows}",
        Function.MIN: state.low,
        Function.MAX: state.high,
    } | {function: f"quantile_cont(number, {share})" for function, share in _QUANTILES.items()}
    keys = ["start", *(f"k{index}" for index in range(len(asked.by)))]
    found = reading.summary(
        f"SELECT {', '.join([*keys, *(functions[function] for function in asked.functions)])} "
        f"FROM {state.gathered.format(table=table)} "
        f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(f'{key} NULLS FIRST' for key in keys)} "
        f"LIMIT {limits.GROUPS + 1}"
    )
    if len(found) > limits.GROUPS:
        raise InvalidFieldError(f"by: makes more than {limits.GROUPS} groups", field="by")
    return found
