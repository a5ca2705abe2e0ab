"""prometheus_client's metrics, with a bound on their series.

A label that turns out to have endless values would take memory in every process on its way, up to the
database, for as long as the service lives.
"""

import logging
import threading
from typing import Any, Final, Self

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase

SERIES_MAX: Final = 200
"""Label sets of one metric: an aggregator keeps 10,000 series a service, and a histogram makes 17 of each."""

OTHER: Final = "other"

_logger: Final = logging.getLogger("ha_ingestor_logging")

refused_total: Final = prometheus_client.Counter(
    "ha_ingestor_metric_series_refused_total",
    "Times that a metric was asked for a label set beyond its bound",
    ["metric"],
)


class BoundedMetric(MetricWrapperBase):
    """A metric whose label sets beyond a number are one series, with all labels ``other``.

    The first time is logged; each time is counted.

    Args:
        arguments: prometheus_client's own.
        series_max: label sets that get a series of their own.
        keywords: prometheus_client's own.
    """

    # What is behind the name where the metric is read.
    _suffix = ""

    def __init__(self, *arguments: Any, series_max: int = SERIES_MAX, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._series_max = series_max
        self._known: set[tuple[str, ...]] = set()
        self._growing = threading.Lock()
        self._overflowed = False

    def labels(self, *labelvalues: object, **labelkwargs: object) -> Self:
        """The series of these label values, or the one of all others."""
        values = tuple(
            str(value) for value in labelvalues or (labelkwargs.get(name) for name in self._labelnames)
        )
        if values in self._known or self._takes(values):
            return super().labels(*labelvalues, **labelkwargs)
        shown_name = f"{self._name}{self._suffix}"
        refused_total.labels(shown_name).inc()
        if not self._overflowed:
            self._overflowed = True
            _logger.warning(
                "metric %s has more than %d label sets; further ones are counted as %r",
                *(shown_name, self._series_max, OTHER),
                extra={
                    "metric": shown_name,
                    "first_refused": dict(zip(self._labelnames, values, strict=False)),
                },
            )
        return super().labels(*[OTHER] * len(self._labelnames))

    def remove(self, *labelvalues: Any) -> None:
        """Forget a series; its place is free for another."""
        super().remove(*labelvalues)
        with self._growing:
            self._known.discard(tuple(str(value) for value in labelvalues))

    def clear(self) -> None:
        """Forget all series."""
        super().clear()
        with self._growing:
            self._known.clear()

    def _takes(self, values: tuple[str, ...]) -> bool:
        with self._growing:
            if len(self._known) >= self._series_max:
                return values in self._known
            # Wrong numbers of labels are prometheus_client's to refuse.
            if len(values) == len(self._labelnames):
                self._known.add(values)
            return True


class Counter(BoundedMetric, prometheus_client.Counter):
    """prometheus_client's counter, bounded."""

    _suffix = "_total"


class Gauge(BoundedMetric, prometheus_client.Gauge):
    """prometheus_client's gauge, bounded."""


class Histogram(BoundedMetric, prometheus_client.Histogram):
    """prometheus_client's histogram, bounded."""
