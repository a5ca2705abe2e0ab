"""The aggregator's metrics about itself."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import prometheus_client
from prometheus_client import CollectorRegistry, ProcessCollector

from aggregator import __version__, limits
from aggregator.metrics.latest import RESERVED_PREFIX

_NAMESPACE = RESERVED_PREFIX.removesuffix("_")
_OTHER_SOURCE = "other"
_SYNC_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""From a solid-state disk (1 ms) to an SD card that stalls (seconds)."""
_SEARCH_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""From an absent word (2 ms) to the time budget of a search."""


@dataclass(slots=True)
class SourceCounts:
    """What one source sent since the start.

    Args:
        lines: that were taken.
        size_bytes: of these, decompressed.
        refused_lines: that were not taken, by reason.
        refused_requests: of which nothing was taken, by reason.
    """

    lines: int = 0
    size_bytes: int = 0
    refused_lines: Counter[str] = field(default_factory=Counter)
    refused_requests: Counter[str] = field(default_factory=Counter)


class SelfMetrics:
    """Counters and timings of one aggregator, in a registry of their own.

    Each method may be called from any thread, and takes about a microsecond.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._sources: dict[str, SourceCounts] = {}
        self._dropped: Counter[str] = Counter()
        ProcessCollector(namespace=_NAMESPACE, registry=self.registry)
        self._gauge("info", "The version that runs.", "version").labels(__version__).set(1)
        self._lines = self._counter("lines", "Lines taken.", "source")
        self._bytes = self._counter("received_bytes", "Bytes of lines taken, decompressed.", "source")
        self._samples = self._counter("samples", "Metric samples taken.", "protocol")
        self._dropped_counter = self._counter("dropped", "Lines and samples not kept.", "reason")
        self._refused_lines = self._counter(
            "refused_lines", "Lines that were not taken, as their sender was told.", "source", "reason"
        )
        self._refused_requests = self._counter(
            "refused_requests", "Requests to take lines that were refused as a whole.", "source", "reason"
        )
        self._duplicates = self._counter(
            "duplicate_lines", "Lines that came again and were not stored twice."
        )
        self._damaged = self._counter(
            "damaged_log_bytes", "Bytes of the write-ahead log that were unreadable."
        )
        self._damaged_files = self._gauge("damaged_files", "Files that are damaged and set aside.")
        self._sync_duration_s = self._histogram("sync", "One sync of the write-ahead log.", _SYNC_BUCKETS_S)
        self._search_duration_s = self._histogram("search", "One search.", _SEARCH_BUCKETS_S)
        self._pulled_running = self._gauge(
            "pulled_source_running", "1 while the aggregator reads a source, else 0.", "source"
        )
        self._pulled_lag_s = self._gauge(
            "pulled_source_lag_seconds", "Age of the last line of a source when it was stored.", "source"
        )
        self._store_rows = self._gauge("store_rows", "Rows in the store.")
        self._store_bytes = self._gauge("store_size_bytes", "Size of the store on the disk.")
        self._store_segments = self._gauge("store_segments", "Segments of the store.")

    def lines_taken(self, source: str, lines: int, size_bytes: int) -> None:
        """Count lines that were taken, with their size decompressed."""
        with self._lock:
            label, counts = self._counts_of(source)
            counts.lines += lines
            counts.size_bytes += size_bytes
        self._lines.labels(label).inc(lines)
        self._bytes.labels(label).inc(size_bytes)

    def lines_refused(self, source: str, reason: str, lines: int) -> None:
        """Count lines that were not taken, as their sender was told; reasons are named in the code."""
        with self._lock:
            label, counts = self._counts_of(source)
            counts.refused_lines[reason] += lines
        self._refused_lines.labels(label, reason).inc(lines)

    def request_refused(self, source: str, reason: str) -> None:
        """Count a request to take lines that was refused as a whole; reasons are named in the code."""
        with self._lock:
            label, counts = self._counts_of(source)
            counts.refused_requests[reason] += 1
        self._refused_requests.labels(label, reason).inc()

    def by_source(self) -> Mapping[str, SourceCounts]:
        """Return what each source sent since the start."""
        with self._lock:
            return {
                source: SourceCounts(
                    counts.lines,
                    counts.size_bytes,
                    counts.refused_lines.copy(),
                    counts.refused_requests.copy(),
                )
                for source, counts in sorted(self._sources.items())
            }

    def samples_taken(self, protocol: str, samples: int) -> None:
        """Count metric samples that were taken."""
        self._samples.labels(protocol).inc(samples)

    def dropped(self, reason: str, count: int) -> None:
        """Count lines or samples that were not kept; reasons are named in the code, never by a sender."""
        with self._lock:
            self._dropped[reason] += count
        self._dropped_counter.labels(reason).inc(count)

    def dropped_by_reason(self) -> dict[str, int]:
        """Return what was not kept since the start, by reason."""
        with self._lock:
            return dict(self._dropped)

    def duplicates(self, lines: int) -> None:
        """Count lines that came again and were not stored twice."""
        self._duplicates.inc(lines)

    def damaged(self, size_bytes: int) -> None:
        """Count bytes of the write-ahead log that could not be read at the start."""
        self._damaged.inc(size_bytes)

    def set_damaged_files(self, files: int) -> None:
        """Set how many damaged files lie aside."""
        self._damaged_files.set(files)

    def synced(self, duration_s: float) -> None:
        """Record one sync of the write-ahead log."""
        self._sync_duration_s.observe(duration_s)

    def searched(self, duration_s: float) -> None:
        """Record one search."""
        self._search_duration_s.observe(duration_s)

    def set_store(self, rows: int, size_bytes: int, segments: int) -> None:
        """Set the store's size."""
        self._store_rows.set(rows)
        self._store_bytes.set(size_bytes)
        self._store_segments.set(segments)

    def set_pulled(self, source: str, *, is_running: bool, lag_s: float | None) -> None:
        """Set how a source fares that the aggregator reads by itself."""
        self._pulled_running.labels(source).set(is_running)
        if lag_s is not None:
            self._pulled_lag_s.labels(source).set(lag_s)

    def _counts_of(self, source: str) -> tuple[str, SourceCounts]:
        """The label and the counts of a source, under the lock."""
        label = source if source in self._sources or len(self._sources) < limits.SOURCES else _OTHER_SOURCE
        return label, self._sources.setdefault(label, SourceCounts())

    def _counter(self, name: str, documentation: str, *labels: str) -> prometheus_client.Counter:
        return prometheus_client.Counter(
            name, documentation, labels, namespace=_NAMESPACE, registry=self.registry
        )

    def _gauge(self, name: str, documentation: str, *labels: str) -> prometheus_client.Gauge:
        return prometheus_client.Gauge(
            name, documentation, labels, namespace=_NAMESPACE, registry=self.registry
        )

    def _histogram(
        self, name: str, documentation: str, buckets_s: tuple[float, ...]
    ) -> prometheus_client.Histogram:
        return prometheus_client.Histogram(
            f"{name}_duration",
            documentation,
            namespace=_NAMESPACE,
            unit="seconds",
            registry=self.registry,
            buckets=buckets_s,
        )
