from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from ha_ingestor_logging import get_logger, metrics
from tests.library.capturing import Capture
from tests.library.recording_aggregator import RecordingAggregator


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_the_standard_names_are_in_the_exposition() -> None:
    metrics.events_total.inc()
    metrics.errors_total.labels("database").inc()
    metrics.points_written_total.inc(5)
    metrics.write_duration_seconds.observe(0.01)
    metrics.queue_depth.set(3)
    names = {
        sample.name
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
    }
    assert names >= {
        "ha_ingestor_events_total",
        "ha_ingestor_errors_total",
        "ha_ingestor_points_written_total",
        "ha_ingestor_write_duration_seconds_bucket",
        "ha_ingestor_write_duration_seconds_count",
        "ha_ingestor_queue_depth",
        "ha_ingestor_log_queue_records",
    }


def test_log_lines_are_counted_by_level(capture: Capture) -> None:
    before = {level: sample("ha_ingestor_log_records_total", level=level) for level in ("ERROR", "DEBUG")}
    log = get_logger()
    log.error("one")
    log.error("two")
    log.debug("below the level")
    capture()
    assert sample("ha_ingestor_log_records_total", level="ERROR") == before["ERROR"] + 2
    assert sample("ha_ingestor_log_records_total", level="DEBUG") == before["DEBUG"]


def test_deliveries_are_counted(capture: Capture, aggregator: RecordingAggregator) -> None:
    get_logger().info("line")
    capture()
    assert sample("ha_ingestor_log_records_delivered_total") == len(aggregator.records) == 1
    assert sample("ha_ingestor_log_delivery_retries_total") == 0
    assert sample("ha_ingestor_log_records_faulty_total") == 0
