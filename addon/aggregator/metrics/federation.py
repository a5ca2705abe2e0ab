"""What `GET /metrics` publishes: the aggregator's own metrics and the latest pushed ones."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample as PublishedSample

from aggregator.metrics.latest import LatestSamples, Series
from aggregator.metrics.samples import MetricType


def exposition(registry: CollectorRegistry, latest: LatestSamples, now_s: float) -> bytes:
    """Return the Prometheus text of a registry and of all series that are alive.

    Takes some 10 µs a series, so call it from a thread.
    """
    pushed = CollectorRegistry()
    pushed.register(_LatestCollector(latest.all(now_s)))
    return generate_latest(registry) + generate_latest(pushed)


class _LatestCollector(Collector):
    def __init__(self, series: Iterable[Series]) -> None:
        self._families: defaultdict[str, list[Series]] = defaultdict(list)
        for one in series:
            self._families[one.sample.family].append(one)

    def collect(self) -> Iterator[Metric]:
        for name, series in sorted(self._families.items()):
            types = {one.sample.metric_type for one in series}
            family = _family(name, types.pop() if len(types) == 1 else MetricType.UNTYPED)
            family.samples = [
                PublishedSample(one.sample.name, _published_labels(one), one.sample.value) for one in series
            ]
            yield family


def _family(name: str, metric_type: MetricType) -> Metric:
    if metric_type is not MetricType.COUNTER:
        return Metric(name, "", metric_type)
    # The library appends the suffix to every counter's family, so one named otherwise can't be declared.
    stem = name.removesuffix("_total")
    return Metric(stem, "", metric_type) if stem != name else Metric(name, "", MetricType.UNTYPED)


def _published_labels(series: Series) -> dict[str, str]:
    # As Prometheus does when a scraped label clashes with one of its own.
    labels = {"exported_job" if name == "job" else name: value for name, value in series.sample.labels}
    return labels | {"job": series.service}
