"""The latest sample of every series, in memory only: a restart begins empty."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from aggregator import limits
from aggregator.metrics.grouping import GroupingKey
from aggregator.metrics.rate import CounterRate
from aggregator.metrics.samples import DropReason, Labels, Sample

EVENTS_COUNTER = "ha_ingestor_events_total"
"""The counter that every service of ours reports; its rate is the service's events per second."""

RESERVED_PREFIX = "ha_ingestor_aggregator_"
"""Names that only the aggregator itself publishes: one exposition can't hold a family twice."""

_EXPIRY_INTERVAL_S = 60.0
_NS_PER_S = 1_000_000_000

type _Key = tuple[str, str, Labels]


@dataclass(frozen=True, slots=True)
class Series:
    """The latest sample of one series.

    Args:
        service: The service that it belongs to.
        sample: Its latest sample.
        time_s: Unix time of the sample.
        group: The push that it came with, or None when it was written point by point.
    """

    service: str
    sample: Sample
    time_s: float
    group: GroupingKey | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many samples were taken, and how many dropped for which reason."""

    accepted: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)


class LatestSamples:
    """Series by service, name and labels, bounded in number; safe to use from several threads.

    Every `now_s` is Unix time in seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[_Key, Series] = {}
        self._keys_of_group: defaultdict[GroupingKey, set[_Key]] = defaultdict(set)
        self._series_of_service: Counter[str] = Counter()
        self._event_rates: defaultdict[str, dict[_Key, CounterRate]] = defaultdict(dict)
        self._next_expiry_s = 0.0

    def push(
        self, group: GroupingKey, samples: Iterable[Sample], now_s: float, *, replace_group: bool
    ) -> Outcome:
        """Take a push as a Pushgateway does.

        Args:
            group: Service and labels of the push; the labels override those of the samples.
            samples: What was pushed, valid as of now.
            now_s: Time of arrival.
            replace_group: Forget all earlier series of the group, not only those of the pushed families.
        """
        incoming = [_labelled(sample, group.labels) for sample in samples]
        keys = {(group.service, sample.name, sample.labels) for sample in incoming}
        families = {sample.family for sample in incoming}
        with self._lock:
            self._expire(now_s)
            for key in self._keys_of_group.get(group, set()) - keys:
                if replace_group or self._series[key].sample.family in families:
                    self._forget(key)
            return self._take(((group.service, sample) for sample in incoming), now_s, group)

    def write(self, default_service: str, samples: Iterable[Sample], now_s: float) -> Outcome:
        """Take points one by one, each with its own time; an older one than the latest changes nothing.

        Args:
            default_service: Service of the points that have no label `service`.
            samples: The points.
            now_s: Time of arrival, for points without a time.
        """
        incoming = [_split_service(sample, default_service) for sample in samples]
        with self._lock:
            self._expire(now_s)
            return self._take(incoming, now_s, None)

    def events_per_s(self, service: str, now_s: float) -> float | None:
        """Return the rate of a service's events over the last minute before its latest report.

        None when it never reported `ha_ingestor_events_total` twice, or not within five minutes.
        """
        with self._lock:
            rates = [rate.per_s(now_s) for rate in self._event_rates.get(service, {}).values()]
        known = [rate for rate in rates if rate is not None]
        return sum(known) if known else None

    def all(self, now_s: float) -> list[Series]:
        """Return every series that had a sample within its lifetime."""
        with self._lock:
            self._expire(now_s)
            return [series for series in self._series.values() if _is_alive(series, now_s)]

    def _take(
        self, samples: Iterable[tuple[str, Sample]], now_s: float, group: GroupingKey | None
    ) -> Outcome:
        accepted = 0
        dropped: Counter[DropReason] = Counter()
        for service, sample in samples:
            if reason := self._refusal(service, sample, now_s):
                dropped[reason] += 1
            else:
                self._set(service, sample, now_s, group)
                accepted += 1
        return Outcome(accepted, dropped)

    def _refusal(self, service: str, sample: Sample, now_s: float) -> DropReason | None:
        if sample.name.startswith(RESERVED_PREFIX):
            return DropReason.RESERVED_NAME
        if (
            sample.timestamp_ns is not None
            and sample.timestamp_ns / _NS_PER_S > now_s + limits.METRIC_FUTURE_S
        ):
            return DropReason.FUTURE
        is_new = (service, sample.name, sample.labels) not in self._series
        is_full = (
            len(self._series) >= limits.SERIES
            or self._series_of_service[service] >= limits.SERIES_PER_SERVICE
        )
        return DropReason.SERIES_LIMIT if is_new and is_full else None

    def _set(self, service: str, sample: Sample, now_s: float, group: GroupingKey | None) -> None:
        key = (service, sample.name, sample.labels)
        time_s = now_s if sample.timestamp_ns is None else sample.timestamp_ns / _NS_PER_S
        known = self._series.get(key)
        if known is None:
            self._series_of_service[service] += 1
        elif group is None and time_s < known.time_s:
            return
        else:
            self._disown(key, known)
        if group is not None:
            self._keys_of_group[group].add(key)
        self._series[key] = Series(service, sample, time_s, group)
        if sample.name == EVENTS_COUNTER:
            self._event_rates[service].setdefault(key, CounterRate()).add(time_s, sample.value)

    def _forget(self, key: _Key) -> None:
        series = self._series.pop(key)
        self._disown(key, series)
        self._series_of_service[series.service] -= 1
        if not self._series_of_service[series.service]:
            del self._series_of_service[series.service]
        rates = self._event_rates.get(series.service, {})
        if rates.pop(key, None) is not None and not rates:
            del self._event_rates[series.service]

    def _disown(self, key: _Key, series: Series) -> None:
        if series.group is not None:
            keys = self._keys_of_group[series.group]
            keys.discard(key)
            if not keys:
                del self._keys_of_group[series.group]

    def _expire(self, now_s: float) -> None:
        if now_s < self._next_expiry_s:
            return
        self._next_expiry_s = now_s + _EXPIRY_INTERVAL_S
        for key in [key for key, series in self._series.items() if not _is_alive(series, now_s)]:
            self._forget(key)


def _is_alive(series: Series, now_s: float) -> bool:
    return now_s - series.time_s <= limits.SERIES_LIFETIME_S


def _labelled(sample: Sample, labels: Labels) -> Sample:
    if not labels and not any(name == "job" for name, _ in sample.labels):
        return sample
    merged = {name: value for name, value in sample.labels if name != "job"} | dict(labels)
    return replace(sample, labels=tuple(sorted(merged.items())))


def _split_service(sample: Sample, default_service: str) -> tuple[str, Sample]:
    labels = dict(sample.labels)
    service = labels.pop("service", None)
    if service is None:
        return default_service, sample
    return service, replace(sample, labels=tuple(labels.items()))
