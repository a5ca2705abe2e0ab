"""Round steps of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.read.steps import round_step_ns

S = 10**9
DAY = 86_400


@pytest.mark.parametrize(
    ("span_s", "buckets", "step_s"),
    [
        (0, 60, 1),
        (60, 60, 1),
        (61, 60, 2),
        (900, 60, 15),
        (3600, 60, 60),
        (DAY, 60, 1800),
        (30 * DAY, 60, 43_200),
    ],
)
def test_the_smallest_round_step_that_is_enough(span_s: int, buckets: int, step_s: int) -> None:
    assert round_step_ns(span_s * S, buckets) == step_s * S


@given(st.integers(0, 300 * 366 * DAY * S), st.integers(1, 2000))
def test_no_more_buckets_than_wanted_and_whole_seconds(span_ns: int, buckets: int) -> None:
    step_ns = round_step_ns(span_ns, buckets)
    assert span_ns <= step_ns * buckets
    assert step_ns % S == 0
    assert step_ns < DAY * S or step_ns % (DAY * S) == 0
