import threading

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from ha_ingestor_logging.cardinality import Counter, Gauge, Histogram
from tests.library.capturing import Capture


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def rooms(registry: CollectorRegistry) -> Counter:
    return Counter("rooms_total", "By room", ["room", "floor"], registry=registry, series_max=3)


def refused(metric: str) -> float:
    return REGISTRY.get_sample_value("ha_ingestor_metric_series_refused_total", {"metric": metric}) or 0.0


def series(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == name
    }


def test_label_sets_beyond_the_bound_are_one_series(registry: CollectorRegistry, rooms: Counter) -> None:
    before = refused("rooms_total")
    for number in range(1000):
        rooms.labels(f"room {number}", floor := "1").inc()
    rooms.labels(room="room 0", floor=floor).inc()
    assert series(registry, "rooms_total") == {
        ("room 0", "1"): 2,
        ("room 1", "1"): 1,
        ("room 2", "1"): 1,
        ("other", "other"): 997,
    }
    assert refused("rooms_total") == before + 997


def test_it_is_warned_of_once(rooms: Counter, capture: Capture) -> None:
    for number in range(100):
        rooms.labels(number, 1).inc()
    (record,) = capture()
    assert record["level"] == "WARNING"
    assert record["metric"] == "rooms_total"
    assert record["first_refused"] == {"room": "3", "floor": "1"}
    assert (
        record["message"]
        == "metric rooms_total has more than 3 label sets; further ones are counted as 'other'"
    )


def test_a_removed_series_makes_room(registry: CollectorRegistry, rooms: Counter) -> None:
    for number in range(3):
        rooms.labels(number, 1).inc()
    rooms.remove(1, 1)
    rooms.labels("new", 1).inc()
    assert ("new", "1") in series(registry, "rooms_total")
    rooms.clear()
    rooms.labels("newer", 1).inc()
    assert set(series(registry, "rooms_total")) == {("newer", "1")}


def test_gauges_and_histograms_are_bounded_too(registry: CollectorRegistry) -> None:
    gauge = Gauge("temperature", "By room", ["room"], registry=registry, series_max=1)
    histogram = Histogram("latency", "By room", ["room"], registry=registry, series_max=1, buckets=(1, 2))
    for room in ("a", "b", "c"):
        gauge.labels(room).set(20)
        histogram.labels(room).observe(1.5)
    assert set(series(registry, "temperature")) == {("a",), ("other",)}
    assert series(registry, "latency_count") == {("a",): 1, ("other",): 2}
    assert set(series(registry, "latency_bucket")) == {
        (room, le) for room in ("a", "other") for le in ("1.0", "2.0", "+Inf")
    }


def test_wrong_labels_are_refused_as_ever(rooms: Counter) -> None:
    with pytest.raises(ValueError, match="label"):
        rooms.labels("one")
    with pytest.raises(ValueError, match="label"):
        rooms.labels(room="a", flour="b")
    with pytest.raises(ValueError, match="label"):
        Counter("unlabelled_total", "None", registry=None).labels("a")


def test_many_threads_do_not_pass_the_bound(registry: CollectorRegistry, rooms: Counter) -> None:
    def count(thread: int) -> None:
        for number in range(200):
            rooms.labels(thread * 1000 + number, 1).inc()

    threads = [threading.Thread(target=count, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = series(registry, "rooms_total")
    assert len(counts) == 4
    assert sum(counts.values()) == 1600
