"""Retention: which segments are past the time that records are kept."""

from collections.abc import Iterable

from aggregator.store.segment import Segment

_DAY_NS = 24 * 3600 * 10**9


def expired(segments: Iterable[Segment], now_ns: int, days: int) -> list[Segment]:
    """Return the segments whose latest record is older than so many days."""
    oldest_kept_ns = now_ns - days * _DAY_NS
    return [segment for segment in segments if segment.last_ns < oldest_kept_ns]
