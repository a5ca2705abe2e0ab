"""Functions come out of what was gathered part by part as out of all numbers at once."""

import math

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.store.read.states import BUCKET_WIDTH, BUCKETS, NUMBERS, SUMS, State, has_quantile
from aggregator.store.reads import Function

QUANTILES = {Function.P50: 0.5, Function.P95: 0.95, Function.P99: 0.99}
finite = st.floats(-1e100, 1e100) | st.integers(-100, 100).map(float) | st.sampled_from([1e-300, -1e-300])


def computed(state: State, parts: list[list[float]]) -> dict[Function, float]:
    """Gather the state of each part, then compute all functions."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE gathered (k INTEGER, {state.columns})")
        by = ["k", *state.by]
        for numbers in parts:
            connection.execute(
                f"INSERT INTO gathered SELECT {', '.join([*by, state.select])} "  # what is under test
                f"FROM (SELECT 1 AS k, unnest(?::DOUBLE[]) AS number) GROUP BY {', '.join(by)}",
                [numbers],
            )
        functions = state.functions(2.0)
        if state is SUMS:
            functions = {name: sql for name, sql in functions.items() if name not in QUANTILES}
        relation = state.gathered.format(table="gathered", keys="k")
        row = connection.execute(
            f"SELECT {', '.join(functions.values())} FROM {relation} GROUP BY k"  # likewise
        ).fetchone()
    assert row is not None
    return dict(zip(functions, row, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(finite, min_size=1, max_size=20), min_size=1, max_size=4))
@example([[0.0], [0.0, -0.0]])
@example([[1.0, 100.0]])
def test_functions_are_those_of_all_numbers(parts: list[list[float]]) -> None:
    numbers = sorted(number for part in parts for number in part)
    for state in (SUMS, NUMBERS, BUCKETS):
        found = computed(state, parts)
        assert found[Function.COUNT] == len(numbers)
        assert found[Function.RATE] == len(numbers) / 2
        assert found[Function.MIN] == numbers[0]
        assert found[Function.MAX] == numbers[-1]
        scale = max(map(abs, numbers))
        assert found[Function.SUM] == pytest.approx(math.fsum(numbers), rel=1e-9, abs=1e-9 * scale)
        assert found[Function.AVG] == pytest.approx(found[Function.SUM] / len(numbers))
        for function, share in QUANTILES.items() if has_quantile(found) else ():
            rank = share * (len(numbers) - 1)
            low, high = numbers[math.floor(rank)], numbers[math.ceil(rank)]
            error = BUCKET_WIDTH if state is BUCKETS else 1e-9
            assert low - error * abs(low) <= found[function] <= high + error * abs(high)


def test_a_bucket_of_one_number_gives_it_exactly() -> None:
    found = computed(BUCKETS, [[37.25] * 10, [37.25] * 7 + [400.0]])
    assert found[Function.P50] == 37.25
