"""The store of the latest samples."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from aggregator import limits
from aggregator.metrics.grouping import GroupingKey
from aggregator.metrics.latest import EVENTS_COUNTER, LatestSamples
from aggregator.metrics.samples import DropReason, MetricType, Sample, sorted_labels

NOW_S = 1_795_000_000.0
GROUP = GroupingKey("event-ingestor", ())


def sample(name: str, value: float = 1.0, /, timestamp_s: float | None = None, **labels: str) -> Sample:
    """Return a gauge's sample."""
    timestamp_ns = None if timestamp_s is None else int(timestamp_s * 1e9)
    return Sample(name, sorted_labels(labels), value, MetricType.GAUGE, name, timestamp_ns)


def values(latest: LatestSamples, now_s: float = NOW_S) -> dict[tuple[str, str, str], float]:
    """Return service, name and labels of every series with its value."""
    return {
        (
            series.service,
            series.sample.name,
            ",".join(f"{name}={value}" for name, value in series.sample.labels),
        ): series.sample.value
        for series in latest.all(now_s)
    }


@contextmanager
def limit(name: str, value: float) -> Iterator[None]:
    """Make a limit small enough for a test."""
    with patch.object(limits, name, value):
        yield


def test_the_latest_value_of_a_series_wins() -> None:
    latest = LatestSamples()
    latest.push(GROUP, [sample("depth", 1), sample("depth", 5, queue="b")], NOW_S, replace_group=True)
    outcome = latest.push(
        GROUP, [sample("depth", 2), sample("depth", 5, queue="b")], NOW_S + 1, replace_group=True
    )

    assert outcome.accepted == 2
    assert values(latest) == {
        ("event-ingestor", "depth", ""): 2.0,
        ("event-ingestor", "depth", "queue=b"): 5.0,
    }


def test_labels_of_the_url_override_those_of_the_body() -> None:
    latest = LatestSamples()
    group = GroupingKey("a", (("instance", "url"),))
    latest.push(
        group, [sample("depth", 1, instance="body", job="body", other="kept")], NOW_S, replace_group=True
    )

    assert values(latest) == {("a", "depth", "instance=url,other=kept"): 1.0}


def test_put_forgets_what_the_group_had_before() -> None:
    latest = LatestSamples()
    other = GroupingKey("event-ingestor", (("instance", "b"),))
    latest.push(GROUP, [sample("old")], NOW_S, replace_group=True)
    latest.push(other, [sample("other")], NOW_S, replace_group=True)
    latest.push(GROUP, [sample("new")], NOW_S, replace_group=True)

    assert values(latest) == {
        ("event-ingestor", "new", ""): 1.0,
        ("event-ingestor", "other", "instance=b"): 1.0,
    }


def test_post_forgets_only_series_of_the_families_that_it_brings() -> None:
    latest = LatestSamples()
    latest.push(GROUP, [sample("kept"), sample("depth", queue="gone")], NOW_S, replace_group=True)
    latest.push(GROUP, [sample("depth", queue="new")], NOW_S, replace_group=False)

    assert values(latest) == {
        ("event-ingestor", "kept", ""): 1.0,
        ("event-ingestor", "depth", "queue=new"): 1.0,
    }


def test_put_leaves_what_was_written_point_by_point() -> None:
    latest = LatestSamples()
    latest.write("event-ingestor", [sample("point")], NOW_S)
    latest.push(GROUP, [sample("pushed")], NOW_S, replace_group=True)
    latest.push(GROUP, [], NOW_S, replace_group=True)

    assert values(latest) == {("event-ingestor", "point", ""): 1.0}


def test_a_series_belongs_to_the_group_that_pushed_it_last() -> None:
    latest = LatestSamples()
    by_label = GroupingKey("event-ingestor", (("instance", "a"),))
    latest.push(GROUP, [sample("depth", 1, instance="a")], NOW_S, replace_group=True)
    latest.push(by_label, [sample("depth", 2)], NOW_S, replace_group=True)
    latest.push(GROUP, [], NOW_S, replace_group=True)

    assert values(latest) == {("event-ingestor", "depth", "instance=a"): 2.0}


def test_a_point_names_its_service_by_label_or_takes_the_default() -> None:
    latest = LatestSamples()
    latest.write("bucket", [sample("a", service="weather", city="Graz"), sample("b")], NOW_S)

    assert values(latest) == {("weather", "a", "city=Graz"): 1.0, ("bucket", "b", ""): 1.0}


def test_an_older_point_changes_nothing() -> None:
    latest = LatestSamples()
    latest.write("s", [sample("a", 2, timestamp_s=NOW_S - 1)], NOW_S)
    latest.write("s", [sample("a", 1, timestamp_s=NOW_S - 60)], NOW_S)

    assert values(latest) == {("s", "a", ""): 2.0}


def test_a_point_from_the_future_is_dropped() -> None:
    latest = LatestSamples()
    outcome = latest.write("s", [sample("a", timestamp_s=NOW_S + limits.METRIC_FUTURE_S + 1)], NOW_S)

    assert outcome.accepted == 0
    assert outcome.dropped == {DropReason.FUTURE: 1}
    assert values(latest) == {}


def test_the_aggregators_own_names_are_refused() -> None:
    outcome = LatestSamples().push(GROUP, [sample("ha_ingestor_aggregator_lines")], NOW_S, replace_group=True)

    assert outcome.dropped == {DropReason.RESERVED_NAME: 1}


def test_a_flood_of_series_is_dropped_and_counted_while_known_ones_go_on() -> None:
    latest = LatestSamples()
    with limit("SERIES_PER_SERVICE", 3), limit("SERIES", 5):
        first = latest.push(GROUP, [sample("a", n, n=str(n)) for n in range(5)], NOW_S, replace_group=False)
        second = latest.write("other", [sample("b", n=str(n)) for n in range(5)], NOW_S)
        third = latest.write("event-ingestor", [sample("a", 9, n="0")], NOW_S + 1)

    assert (first.accepted, first.dropped) == (3, {DropReason.SERIES_LIMIT: 2})
    assert (second.accepted, second.dropped) == (2, {DropReason.SERIES_LIMIT: 3})
    assert third.accepted == 1
    assert values(latest)["event-ingestor", "a", "n=0"] == 9.0


def test_a_series_outlives_its_last_sample_by_a_day_and_then_makes_room() -> None:
    latest = LatestSamples()
    with limit("SERIES", 1):
        latest.write("s", [sample("a")], NOW_S)
        assert values(latest, NOW_S + 24 * 3600) == {("s", "a", ""): 1.0}
        assert values(latest, NOW_S + 24 * 3600 + 1) == {}
        assert latest.write("s", [sample("b")], NOW_S + 25 * 3600).accepted == 1


def test_nothing_is_held_for_services_that_are_gone() -> None:
    latest = LatestSamples()
    for n in range(50):
        latest.push(GroupingKey(f"s{n}", ()), [sample(EVENTS_COUNTER)], NOW_S, replace_group=True)
    latest.all(NOW_S + 25 * 3600)

    assert not latest._keys_of_group
    assert not latest._series_of_service
    assert not latest._event_rates


def test_events_per_s_sums_a_services_counters() -> None:
    latest = LatestSamples()
    for time_s, count in ((0, 100), (15, 130), (30, 160)):
        latest.push(
            GROUP,
            [sample(EVENTS_COUNTER, count, kind="a"), sample(EVENTS_COUNTER, 2 * count, kind="b")],
            NOW_S + time_s,
            replace_group=True,
        )

    assert latest.events_per_s("event-ingestor", NOW_S + 30) == pytest.approx(6.0)
    assert latest.events_per_s("event-ingestor", NOW_S + 30 + 301) is None


def test_events_per_s_is_none_for_a_service_that_reports_none() -> None:
    latest = LatestSamples()
    latest.push(GROUP, [sample("depth")], NOW_S, replace_group=True)
    latest.push(GROUP, [sample("depth")], NOW_S + 10, replace_group=True)

    assert latest.events_per_s("event-ingestor", NOW_S + 10) is None
    assert latest.events_per_s("unheard-of", NOW_S + 10) is None


def test_events_per_s_leaves_out_a_counter_that_was_withdrawn() -> None:
    latest = LatestSamples()
    for time_s in (0, 10):
        latest.push(
            GROUP,
            [sample(EVENTS_COUNTER, time_s, kind="a"), sample(EVENTS_COUNTER, time_s, kind="b")],
            NOW_S + time_s,
            replace_group=True,
        )
    latest.push(GROUP, [sample(EVENTS_COUNTER, 20, kind="a")], NOW_S + 20, replace_group=True)

    assert latest.events_per_s("event-ingestor", NOW_S + 20) == pytest.approx(1.0)
