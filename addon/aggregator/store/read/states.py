"""What is gathered of each group's numbers, part by part, so that functions of all of them come out of it.

Of few rows every number is kept, and quantiles are exact. Numbers of very many rows would not fit in the
engine's memory: they are counted in buckets, each a fraction of its numbers wide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from aggregator.store.reads import Function

BUCKET_WIDTH: Final = 0.002
"""Width of a bucket as a fraction of its numbers: quantiles out of buckets are off by less."""

_QUANTILES: Final = {Function.P50: 0.5, Function.P95: 0.95, Function.P99: 0.99}


@dataclass(frozen=True, slots=True)
class State:
    """What is gathered of a group, in SQL.

    Args:
        columns: its columns with their types.
        select: what they are, of some rows of one group; the column `number` has their numbers.
        by: of which there is one for each distinct value besides, in the same order as the first columns.
        gathered: what the table of all that was gathered is to the functions; `{table}` and `{keys}` stand
            for it and for what makes a group.
        rows: count of the numbers of all that was gathered of one group.
        total: their sum.
        low: the least.
        high: the greatest.
        quantile: the one of `{share}`.
    """

    columns: str
    select: str
    by: Sequence[str]
    gathered: str
    rows: str
    total: str
    low: str
    high: str
    quantile: str = ""

    def functions(self, rate_s: float) -> dict[Function, str]:
        """SQL of each function.

        Args:
            rate_s: how many seconds a rate is over; nothing has a rate over none.
        """
        quantiles = {
            function: self.quantile.format(share=f"{share}::DOUBLE") for function, share in _QUANTILES.items()
        }
        return (
            quantiles
            | {
                Function.COUNT: self.rows,
                Function.RATE: f"{self.rows} / nullif({rate_s!r}::DOUBLE, 0)",
                Function.SUM: self.total,
                Function.AVG: f"{self.total} / {self.rows}",
                Function.MIN: self.low,
                Function.MAX: self.high,
            }
            | {
                function: self.quantile.format(share=f"{share}::DOUBLE")
                for function, share in _QUANTILES.items()
            }
        )


def has_quantile(functions: Iterable[Function]) -> bool:
    """Tell whether any function is a quantile."""
    return not _QUANTILES.keys().isdisjoint(functions)


SUMS: Final = State(
    "rows BIGINT, total DOUBLE, low DOUBLE, high DOUBLE",
    "count(*), sum(number), min(number), max(number)",
    by=(),
    gathered="{table}",
    rows="sum(rows)::BIGINT",
    total="sum(total)",
    low="min(low)",
    high="max(high)",
)
"""Enough for all functions but quantiles."""

NUMBERS: Final = State(
    "numbers DOUBLE[]",
    "list(number)",
    by=(),
    gathered="(SELECT * EXCLUDE (numbers), unnest(numbers) AS number FROM {table})",
    rows="count(*)",
    total="sum(number)",
    low="min(number)",
    high="max(number)",
    quantile="quantile_cont(number, {share})",
)
"""Every number."""

_RANK: Final = "({share} * (rows - 1))"
_LOWER: Final = f"min(number) FILTER (up_to > floor({_RANK}))"
_UPPER: Final = f"min(number) FILTER (up_to > ceil({_RANK}))"

BUCKETS: Final = State(
    "side TINYINT, bucket INTEGER, rows BIGINT, total DOUBLE, low DOUBLE, high DOUBLE",
    "count(*), sum(number), min(number), max(number)",
    by=(
        "sign(number)::TINYINT",
        f"floor(ln(nullif(abs(number), 0)) / {log(1 + BUCKET_WIDTH)!r})::INTEGER",
    ),
    gathered=(
        "(SELECT *, sum(times) OVER (PARTITION BY {keys} ORDER BY number ROWS UNBOUNDED PRECEDING) AS up_to, "
        "sum(times) OVER (PARTITION BY {keys}) AS rows FROM (SELECT {keys}, sum(rows) AS times, "
        # The mean of a bucket is exact where all of its numbers are the same.
        "sum(total) AS total, sum(total) / sum(rows) AS number, min(low) AS low, max(high) AS high "
        "FROM {table} GROUP BY {keys}, side, bucket))"
    ),
    rows="sum(times)::BIGINT",
    total="sum(total)",
    low="min(low)",
    high="max(high)",
    quantile=f"{_LOWER} + ({_UPPER} - {_LOWER}) * max({_RANK} - floor({_RANK}))",
)
"""How many numbers are in each bucket."""
