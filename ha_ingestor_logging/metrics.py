"""The metrics that the aggregator and the Home Assistant integration know by name."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client import REGISTRY, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ha_ingestor_logging.cardinality import Counter, Gauge, Histogram
from ha_ingestor_logging.delivery import Delivery
from ha_ingestor_logging.levels import LEVEL_NAMES, level_name
from ha_ingestor_logging.pipeline import Pipeline

# Batches of one point and of many thousands.
_POINTS_BUCKETS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)

events_total: Final = Counter("ha_ingestor_events_total", "Events that the service took in")
points_written_total: Final = Counter("ha_ingestor_points_written_total", "Points that the database took")
errors_total: Final = Counter("ha_ingestor_errors_total", "Errors by kind", ["kind"])
queue_depth: Final = Gauge("ha_ingestor_queue_depth", "Points that wait to be written")
batch_points: Final = Histogram(
    "ha_ingestor_batch_points", "Points of one write to the database", buckets=_POINTS_BUCKETS
)
write_duration_seconds: Final = Histogram(
    "ha_ingestor_write_duration_seconds", "How long the database took for a batch of points"
)
connected: Final = Gauge(
    "ha_ingestor_connected", "Whether the service is connected to a peer: 1 or 0", ["peer"]
)
pool_connections: Final = Gauge(
    "ha_ingestor_pool_connections", "Connections of a pool, by state: in_use or idle", ["peer", "state"]
)
received_bytes_total: Final = Counter("ha_ingestor_received_bytes_total", "Bytes that came in", ["peer"])
sent_bytes_total: Final = Counter("ha_ingestor_sent_bytes_total", "Bytes that went out", ["peer"])
operation_duration_seconds: Final = Histogram(
    "ha_ingestor_operation_duration_seconds",
    "How long a timed operation took",
    ["operation", "outcome"],
)
request_duration_seconds: Final = Histogram(
    "ha_ingestor_request_duration_seconds",
    "How long a request to this service took",
    ["method", "route", "status"],
)
query_duration_seconds: Final = Histogram(
    "ha_ingestor_query_duration_seconds",
    "How long a database took for a call",
    ["database", "operation", "outcome"],
)
query_rows_total: Final = Counter(
    "ha_ingestor_query_rows_total", "Rows that a database gave or took", ["database", "operation"]
)


def watch_pool(peer: str, *, in_use: Callable[[], float], idle: Callable[[], float]) -> None:
    """Report a connection pool in ``ha_ingestor_pool_connections``.

    Args:
        peer: to what the pool connects.
        in_use: tells how many connections work right now; asked when metrics are read.
        idle: tells how many wait.
    """
    pool_connections.labels(peer, "in_use").set_function(in_use)
    pool_connections.labels(peer, "idle").set_function(idle)


def serve(port: int, address: str = "0.0.0.0") -> Callable[[], None]:  # noqa: S104 - scraped from other machines
    """Answer ``GET /metrics`` from a thread, for a service without a web server of its own.

    Args:
        port: where to listen; 0 for any free port.
        address: of the interface to listen at.

    Returns:
        A function that ends it.
    """
    server, thread = start_http_server(port, address)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


# Rendering takes the lock of each metric. A child that is forked meanwhile would find it taken for ever.
_rendering: Final = threading.RLock()
if sys.platform != "win32":
    os.register_at_fork(
        before=_rendering.acquire, after_in_parent=_rendering.release, after_in_child=_rendering.release
    )


def exposition() -> bytes:
    """All metrics of the process in Prometheus's text format."""
    with _rendering:
        return generate_latest(REGISTRY)


class LoggingCollector(Collector):
    """Reports on the logging itself, read from its counters when asked.

    Args:
        pipeline: the process's pipeline.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def collect(self) -> Iterator[Metric]:
        """The logging's counters at this moment."""
        records = CounterMetricFamily("ha_ingestor_log_records", "Log lines by level", labels=["level"])
        for level, count in sorted(self._pipeline.records_by_level.items()):
            records.add_metric([LEVEL_NAMES[level]], count)
        yield records
        dropped = CounterMetricFamily(
            "ha_ingestor_log_records_dropped", "Log lines that were dropped", labels=["reason", "level"]
        )
        for (reason, level), count in sorted(self._pipeline.dropped.items()):
            dropped.add_metric([reason, level_name(level)], count)
        yield dropped
        yield GaugeMetricFamily(
            "ha_ingestor_log_queue_records", "Log calls that wait to be rendered", len(self._pipeline.queue)
        )
        yield from _delivery_metrics(
            [output for output in self._pipeline.outputs if isinstance(output, Delivery)]
        )


def _delivery_metrics(deliveries: Sequence[Delivery]) -> Iterator[Metric]:
    delivered = CounterMetricFamily(
        "ha_ingestor_log_records_delivered", "Log lines that a receiver took", labels=["output"]
    )
    faulty = CounterMetricFamily(
        "ha_ingestor_log_records_faulty", "Log lines that the aggregator kept as text only", labels=["output"]
    )
    retries = CounterMetricFamily(
        "ha_ingestor_log_delivery_retries", "Requests that had to be repeated", labels=["output"]
    )
    spooled = CounterMetricFamily(
        "ha_ingestor_log_records_spooled",
        "Log lines that waited on the disk for a receiver",
        labels=["output"],
    )
    spool_bytes = GaugeMetricFamily(
        "ha_ingestor_log_spool_bytes", "What the spool's files take on the disk", labels=["output"]
    )
    for delivery in deliveries:
        labels = [delivery.output]
        delivered.add_metric(labels, delivery.delivered)
        faulty.add_metric(labels, delivery.faulty)
        retries.add_metric(labels, delivery.retries)
        if delivery.spool is not None:
            spooled.add_metric(labels, delivery.spool.spooled)
            spool_bytes.add_metric(labels, delivery.spool.size_bytes)
    yield from (delivered, faulty, retries, spooled, spool_bytes)
