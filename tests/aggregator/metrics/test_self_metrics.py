"""The aggregator's metrics about itself."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from aggregator import __version__, limits
from aggregator.metrics.self_metrics import SelfMetrics, SourceCounts

PREFIX = "ha_ingestor_aggregator_"


def value(metrics: SelfMetrics, name: str, **labels: str) -> float | None:
    """Return the value that a scrape would show."""
    return metrics.registry.get_sample_value(PREFIX + name, labels)


def test_lines_and_bytes_are_counted_by_source() -> None:
    metrics = SelfMetrics()
    metrics.lines_taken("library", 10, 2_000)
    metrics.lines_taken("library", 5, 1_000)
    metrics.lines_taken("http", 1, 10)

    assert value(metrics, "lines_total", source="library") == 15
    assert value(metrics, "received_bytes_total", source="library") == 3_000
    assert value(metrics, "lines_total", source="http") == 1


def test_further_sources_are_counted_together() -> None:
    metrics = SelfMetrics()
    for n in range(limits.SOURCES + 3):
        metrics.lines_taken(f"source-{n}", 1, 1)
    metrics.lines_taken("source-0", 1, 1)

    assert value(metrics, "lines_total", source="other") == 3
    assert value(metrics, "lines_total", source="source-0") == 2


def test_drops_are_the_same_for_statistics_and_for_scrapes() -> None:
    metrics = SelfMetrics()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(400):
            pool.submit(metrics.dropped, "metric_future", 2)

    assert metrics.dropped_by_reason() == {"metric_future": 800}
    assert value(metrics, "dropped_total", reason="metric_future") == 800


def test_what_was_refused_is_counted_by_source_and_reason_and_is_not_dropped() -> None:
    metrics = SelfMetrics()
    metrics.lines_refused("loki", "overloaded", 5_000)
    metrics.lines_refused("loki", "overloaded", 1)
    metrics.request_refused("loki", "overloaded")
    metrics.request_refused("http", "unauthorized")

    assert value(metrics, "refused_lines_total", source="loki", reason="overloaded") == 5_001
    assert value(metrics, "refused_requests_total", source="loki", reason="overloaded") == 1
    assert value(metrics, "refused_requests_total", source="http", reason="unauthorized") == 1
    assert metrics.dropped_by_reason() == {}


def test_counts_of_a_source_are_the_same_for_statistics_and_for_scrapes() -> None:
    metrics = SelfMetrics()
    metrics.lines_taken("loki", 10, 2_000)
    metrics.lines_refused("loki", "timestamp", 3)
    metrics.request_refused("loki", "too_large")

    counts = metrics.by_source()
    assert counts == {"loki": SourceCounts(10, 2_000, Counter(timestamp=3), Counter(too_large=1))}
    metrics.lines_refused("loki", "timestamp", 1)
    assert counts["loki"].refused_lines == {"timestamp": 3}


def test_duplicates_and_damage_are_counted_apart_from_drops() -> None:
    metrics = SelfMetrics()
    metrics.duplicates(3)
    metrics.damaged(512)
    metrics.set_damaged_files(2)

    assert value(metrics, "duplicate_lines_total") == 3
    assert value(metrics, "damaged_log_bytes_total") == 512
    assert value(metrics, "damaged_files") == 2
    assert metrics.dropped_by_reason() == {}


def test_durations_fall_into_buckets() -> None:
    metrics = SelfMetrics()
    metrics.synced(0.004)
    metrics.synced(1.5)
    metrics.searched(0.003)

    assert value(metrics, "sync_duration_seconds_bucket", le="0.005") == 1
    assert value(metrics, "sync_duration_seconds_count") == 2
    assert value(metrics, "sync_duration_seconds_sum") == 1.504
    assert value(metrics, "search_duration_seconds_bucket", le="0.005") == 1


def test_the_stores_size_is_what_was_set_last() -> None:
    metrics = SelfMetrics()
    metrics.set_store(rows=5, size_bytes=100, segments=1)
    metrics.set_store(rows=3, size_bytes=50, segments=2)

    assert value(metrics, "store_rows") == 3
    assert value(metrics, "store_size_bytes") == 50
    assert value(metrics, "store_segments") == 2


def test_version_and_process_are_published() -> None:
    metrics = SelfMetrics()

    assert value(metrics, "info", version=__version__) == 1
    assert (value(metrics, "process_resident_memory_bytes") or 0) > 1_000_000


def test_two_aggregators_in_one_process_do_not_share_counters() -> None:
    first, second = SelfMetrics(), SelfMetrics()
    first.dropped("x", 1)

    assert second.dropped_by_reason() == {}
    assert value(second, "dropped_total", reason="x") is None
