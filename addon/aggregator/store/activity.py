"""What each service did lately: lines and errors in rolling windows, kept by counts and not by rows."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aggregator import limits

ERROR_LEVELS = frozenset({"ERROR", "CRITICAL"})
LISTED_S = 24 * 3600
"""How long a service is listed after it was last seen."""

HOUR_S = 3600
"""How long errors are counted: the longest window."""

BUCKET_S = 5
_RATE_S = 60
_RATIO_S = 300


@dataclass(slots=True)
class _Window:
    """Counts of lines and errors over the last seconds, in buckets of `BUCKET_S`."""

    length_s: int
    lines: int = 0
    errors: int = 0
    buckets: deque[tuple[int, int, int]] = field(default_factory=deque)

    def add(self, bucket: int, lines: int, errors: int) -> None:
        self.buckets.append((bucket, lines, errors))
        self.lines += lines
        self.errors += errors

    def trim(self, now_bucket: int) -> None:
        oldest = now_bucket - self.length_s // BUCKET_S
        while self.buckets and self.buckets[0][0] <= oldest:
            _, lines, errors = self.buckets.popleft()
            self.lines -= lines
            self.errors -= errors


@dataclass(slots=True)
class _Service:
    last_seen_s: float = 0.0
    rate: _Window = field(default_factory=lambda: _Window(_RATE_S))
    ratio: _Window = field(default_factory=lambda: _Window(_RATIO_S))
    hour: _Window = field(default_factory=lambda: _Window(HOUR_S))

    def windows(self) -> tuple[_Window, ...]:
        return (self.rate, self.ratio, self.hour)


@dataclass(frozen=True, slots=True)
class ServiceActivity:
    """What one service did lately.

    Args:
        lines_per_s: over the last minute.
        errors_per_s: over the last minute.
        error_percent: share of errors over the last 5 minutes; None without lines.
        errors_last_hour: records of level ERROR and CRITICAL.
        last_seen_s: when a line of it came last, s since the epoch.
    """

    lines_per_s: float
    errors_per_s: float
    error_percent: float | None
    errors_last_hour: int
    last_seen_s: float


class Activity:
    """Counts of what came, by service."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._services: dict[str, _Service] = {}

    def add(self, observed_s: float, counts: Iterable[tuple[str | None, str | None, int]]) -> None:
        """Count lines of one moment.

        Args:
            observed_s: when they were taken, s since the epoch; moments come in order.
            counts: (service, level, lines).
        """
        totals: dict[str, tuple[int, int]] = {}
        for service, level, count in counts:
            lines, errors = totals.get(service or "", (0, 0))
            totals[service or ""] = (lines + count, errors + (count if level in ERROR_LEVELS else 0))
        bucket = int(observed_s) // BUCKET_S
        with self._lock:
            for name, (lines, errors) in totals.items():
                counted = self._service(name)
                counted.last_seen_s = max(counted.last_seen_s, observed_s)
                for window in counted.windows():
                    window.add(bucket, lines, errors)
                    window.trim(bucket)

    def snapshot(self, now_s: float) -> Mapping[str, ServiceActivity]:
        """What each service did lately, seen from a moment in s since the epoch."""
        bucket = int(now_s) // BUCKET_S
        with self._lock:
            gone = [
                name for name, service in self._services.items() if now_s - service.last_seen_s > LISTED_S
            ]
            for name in gone:
                del self._services[name]
            return {name: self._activity(service, bucket) for name, service in self._services.items()}

    def _service(self, name: str) -> _Service:
        if name not in self._services and len(self._services) >= limits.SERVICES:
            name = ""
        return self._services.setdefault(name, _Service())

    @staticmethod
    def _activity(service: _Service, bucket: int) -> ServiceActivity:
        for window in service.windows():
            window.trim(bucket)
        ratio = service.ratio
        return ServiceActivity(
            lines_per_s=service.rate.lines / _RATE_S,
            errors_per_s=service.rate.errors / _RATE_S,
            error_percent=100 * ratio.errors / ratio.lines if ratio.lines else None,
            errors_last_hour=service.hour.errors,
            last_seen_s=service.last_seen_s,
        )
