import pytest

from benchmarks.store.figures import Figure, Goal, at_least, at_most, percentile, table_row


@pytest.mark.parametrize(
    ("goal", "measured", "verdict"),
    [
        (at_most(100), 100, "ok"),
        (at_most(100), 150, "short by 50 %"),
        (at_most(200), 200.5, "short by 0.2 %"),
        (at_least(2), 2, "ok"),
        (at_least(2), 1.5, "short by 25 %"),
        (at_most(100), None, "not measured"),
        (None, 1, ""),
    ],
)
def test_the_verdict_says_by_how_much_a_goal_is_missed(
    goal: Goal | None, measured: float | None, verdict: str
) -> None:
    assert Figure(name="a", unit="ms", measured=measured, goal=goal).verdict == verdict


def test_a_row_of_the_table_has_figure_goal_value_unit_verdict_and_note() -> None:
    row = table_row(Figure(name="intake", unit="rows/s", measured=212_000, goal=at_least(424_000), note="n"))
    assert row.split() == ["intake", "≥", "424,000", "212,000", "rows/s", "short", "by", "50", "%", "(n)"]


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 51), (95, 96), (99, 100), (100, 100)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == value
