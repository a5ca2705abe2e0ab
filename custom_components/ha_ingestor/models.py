"""What the aggregator's API answers, as immutable values."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalStats:
    """Figures over all services."""

    lines_per_s: float
    errors_per_s: float
    errors_last_hour: int
    dropped: int
    dropped_by_reason: Mapping[str, int]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the `totals` object of the statistics."""
        return cls(
            lines_per_s=float(data["lines_per_s"]),
            errors_per_s=float(data["errors_per_s"]),
            errors_last_hour=int(data["errors_last_hour"]),
            dropped=int(data["dropped"]),
            dropped_by_reason=_counts(data.get("dropped_by_reason", {})),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStats:
    """What one source sent that wasn't taken since the aggregator's start, by reason."""

    refused_lines: Mapping[str, int]
    refused_requests: Mapping[str, int]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read one value of the statistics' `sources` object."""
        return cls(
            refused_lines=_counts(data["refused_lines"]), refused_requests=_counts(data["refused_requests"])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStats:
    """Load of the machine that the aggregator runs on."""

    cpu_percent: float
    memory_percent: float
    disk_percent: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the `host` object of the statistics."""
        return cls(
            cpu_percent=float(data["cpu_percent"]),
            memory_percent=float(data["memory_percent"]),
            disk_percent=float(data["disk_percent"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStats:
    """Figures of one service; `None` where the service reports nothing to derive them from."""

    lines_per_s: float
    events_per_s: float | None
    error_percent: float | None
    errors_last_hour: int
    last_seen: datetime

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read one value of the statistics' `services` object."""
        return cls(
            lines_per_s=float(data["lines_per_s"]),
            events_per_s=_optional_float(data["events_per_s"]),
            error_percent=_optional_float(data["error_percent"]),
            errors_last_hour=int(data["errors_last_hour"]),
            last_seen=_time(data["last_seen"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """One answer of the statistics route.

    `id` tells the aggregator from others, whatever its address.
    `services` has the services that were seen within the last day, by name, `sources` the ways in which
    lines came.
    """

    id: str
    version: str
    totals: TotalStats
    store_size_bytes: int
    host: HostStats
    sources: Mapping[str, SourceStats]
    services: Mapping[str, ServiceStats]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the statistics.

        Args:
            data: the decoded JSON object; keys that aren't known are left alone.

        Raises:
            KeyError, TypeError, ValueError: a key is missing or of another type.
        """
        return cls(
            id=str(data["id"]),
            version=str(data["version"]),
            totals=TotalStats.from_json(data["totals"]),
            store_size_bytes=int(data["store"]["size_bytes"]),
            host=HostStats.from_json(data["host"]),
            # Aggregators that are older than this don't have it.
            sources={name: SourceStats.from_json(source) for name, source in data.get("sources", {}).items()},
            services={name: ServiceStats.from_json(service) for name, service in data["services"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The aggregator's settings; it owns them."""

    retention_days: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the settings.

        Raises:
            KeyError, TypeError, ValueError: a key is missing or of another type.
        """
        return cls(retention_days=int(data["retention_days"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class TailBatch:
    """Log records that arrived since the batch before, oldest first.

    `missed` is how many were left out because the reader was too slow.
    """

    rows: list[dict[str, Any]]
    missed: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a `rows` message of the live connection.

        Raises:
            KeyError, TypeError, ValueError: a key is missing or of another type.
        """
        return cls(rows=list(data["rows"]), missed=int(data["missed"]))


def _counts(data: Mapping[str, Any]) -> dict[str, int]:
    return {reason: int(number) for reason, number in data.items()}


def _optional_float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"no time zone: {text}")
    return time
