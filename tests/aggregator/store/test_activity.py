"""What services did lately, against counting each line again."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.store.activity import BUCKET_S, LISTED_S, Activity

LEVELS = (None, "INFO", "WARNING", "ERROR", "CRITICAL")
START_S = 1_767_323_045

lines = st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from(LEVELS), st.integers(1, 5))
moments = st.lists(
    st.tuples(st.floats(0, 1500), st.lists(lines, min_size=1, max_size=3)), min_size=1, max_size=20
)


@given(moments, st.floats(0, 5000))
def test_windows_count_what_a_naive_count_of_their_time_finds(
    steps: list[tuple[float, list[tuple[str | None, str | None, int]]]], later_s: float
) -> None:
    activity = Activity()
    events: dict[str, list[tuple[float, int, int]]] = defaultdict(list)
    now_s = float(START_S)
    for step_s, counts in steps:
        now_s += step_s
        activity.add(now_s, counts)
        for service, level, count in counts:
            events[service or ""].append((now_s, count, count if level in {"ERROR", "CRITICAL"} else 0))
    now_s += later_s
    snapshot = activity.snapshot(now_s)

    def total(service: str, window_s: int, what: str) -> int:
        oldest = now_s // BUCKET_S - window_s // BUCKET_S
        counted = [event for event in events[service] if event[0] // BUCKET_S > oldest]
        return sum(errors if what == "errors" else lines for _, lines, errors in counted)

    assert snapshot.keys() == events.keys()
    for service, seen in snapshot.items():
        assert seen.lines_per_s == total(service, 60, "lines") / 60
        assert seen.errors_per_s == total(service, 60, "errors") / 60
        assert seen.errors_last_hour == total(service, 3600, "errors")
        of_5_minutes = total(service, 300, "lines")
        expected = 100 * total(service, 300, "errors") / of_5_minutes if of_5_minutes else None
        assert seen.error_percent == expected
        assert seen.last_seen_s == events[service][-1][0]


def test_a_service_is_listed_for_a_day() -> None:
    activity = Activity()
    activity.add(START_S, [("early", "INFO", 1)])
    activity.add(START_S + 10, [("late", "INFO", 1)])
    assert activity.snapshot(START_S + LISTED_S).keys() == {"early", "late"}
    assert activity.snapshot(START_S + LISTED_S + 5).keys() == {"late"}


def test_too_many_services_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SERVICES", 3)
    activity = Activity()
    for number in range(10):
        activity.add(START_S, [(f"s{number}", "ERROR", 1)])
    snapshot = activity.snapshot(START_S)
    assert len(snapshot) == 4
    assert snapshot[""].errors_last_hour == 7
