import sys
from pathlib import Path

import pytest
import urllib3
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from ha_ingestor_logging import get_logger, metrics
from tests.aggregator_process import free_port
from tests.library.capturing import Capture
from tests.library.conftest import RunScript
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
    assert sample("ha_ingestor_log_records_delivered_total", output="http") == len(aggregator.records) == 1
    assert sample("ha_ingestor_log_delivery_retries_total", output="http") == 0
    assert sample("ha_ingestor_log_records_faulty_total", output="http") == 0


def test_the_process_reports_on_itself() -> None:
    if sys.platform == "linux":
        names = {family.name for family in REGISTRY.collect()}
        assert names >= {"process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds"}


def test_metrics_can_be_scraped_from_a_service_without_a_web_server() -> None:
    port = free_port()
    stop = metrics.serve(port, "127.0.0.1")
    try:
        response = urllib3.request("GET", f"http://127.0.0.1:{port}/metrics")
        names = {family.name for family in text_string_to_metric_families(response.data.decode())}
    finally:
        stop()
    assert {"ha_ingestor_events", "ha_ingestor_queue_depth"} <= names
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", f"http://127.0.0.1:{port}/metrics", retries=False)


def test_a_pool_is_asked_when_metrics_are_read() -> None:
    busy = [2]
    metrics.watch_pool("test", in_use=lambda: busy[0], idle=lambda: 5 - busy[0])
    busy[0] = 4
    assert sample("ha_ingestor_pool_connections", peer="test", state="in_use") == 4
    assert sample("ha_ingestor_pool_connections", peer="test", state="idle") == 1


def test_forked_children_leave_no_files_and_push_nothing(
    run_script: RunScript, aggregator: RecordingAggregator, tmp_path: Path
) -> None:
    done = run_script(
        """
        import os
        import warnings
        from ha_ingestor_logging import configure, flush, metrics
        configure(service="s", output="http", metrics_interval_s=60)
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is meant
        for _ in range(3):
            if not (child := os.fork()):
                metrics.events_total.inc(1000)
                os._exit(0)
            os.waitpid(child, 0)
        metrics.events_total.inc()
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
        TMPDIR=str(tmp_path / "temporary"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]
    pushed = aggregator.requests[-1].body.decode()
    assert "ha_ingestor_events_total 1.0\n" in pushed
