"""The rate of a counter."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.metrics.rate import CounterRate


def rate_of(*points: tuple[float, float], now_s: float | None = None) -> float | None:
    """Return the rate after these points, as of the last one or of `now_s`."""
    rate = CounterRate()
    for time_s, value in points:
        rate.add(time_s, value)
    return rate.per_s(points[-1][0] if now_s is None else now_s)


def test_the_increase_is_divided_by_the_time_between_the_reports() -> None:
    assert rate_of((0, 100), (10, 150)) == 5.0


def test_one_report_is_no_rate() -> None:
    assert rate_of((0, 100)) is None


def test_only_the_last_minute_counts() -> None:
    assert rate_of((0, 0), (100, 1000), (130, 1060), (160, 1120)) == 2.0


def test_reports_further_apart_than_a_minute_give_the_rate_between_them() -> None:
    assert rate_of((0, 0), (100, 0), (200, 300)) == 3.0


def test_a_counter_that_fell_started_from_zero() -> None:
    assert rate_of((0, 1000), (10, 1010), (20, 5), (30, 15)) == pytest.approx((10 + 5 + 10) / 30)


def test_a_reset_between_two_close_reports_is_not_lost() -> None:
    assert rate_of((0, 0), (10, 100), (10.4, 7), (20, 7)) == pytest.approx(107 / 20)


@pytest.mark.parametrize(("silent_s", "expected"), [(0, 1.0), (300, 1.0), (301, None)])
def test_a_rate_holds_for_five_minutes_without_a_report(silent_s: float, expected: float | None) -> None:
    assert rate_of((0, 0), (10, 10), now_s=10 + silent_s) == expected


def test_two_reports_in_one_moment_are_no_rate() -> None:
    assert rate_of((0, 0), (0.2, 50)) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_a_value_that_no_counter_has_is_ignored(value: float) -> None:
    assert rate_of((0, 0), (10, 20), (20, value)) == 2.0


def test_a_clock_set_back_begins_anew() -> None:
    assert rate_of((1000, 0), (1010, 10), (500, 20)) is None
    assert rate_of((1000, 0), (1010, 10), (500, 20), (510, 50)) == 3.0


@given(st.lists(st.tuples(st.floats(0.01, 30), st.floats(0, 1000)), min_size=2, max_size=300))
def test_a_steady_counter_matches_the_plain_definition_in_bounded_memory(
    steps: list[tuple[float, float]],
) -> None:
    times = list(itertools.accumulate(step for step, _ in steps))
    values = list(itertools.accumulate(increase for _, increase in steps))
    rate = CounterRate()
    for time_s, value in zip(times, values, strict=True):
        rate.add(time_s, value)

    assert len(rate._points) <= limits.RATE_WINDOW_S / limits.RATE_SPACING_S * 2 + 2
    result = rate.per_s(times[-1])
    if result is not None:
        (start_s, _) = rate._points[0]
        start = values[times.index(start_s)]
        assert result == pytest.approx((values[-1] - start) / (times[-1] - start_s))
        assert times[-1] - start_s <= limits.RATE_WINDOW_S or len(rate._points) == 2
