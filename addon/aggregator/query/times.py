"""Times as people and programs write them, to nanoseconds since the epoch, UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aggregator.query.ast import (
    Comparison,
    Exists,
    Literally,
    Operator,
    Range,
    Regex,
    Test,
    Wildcard,
)
from aggregator.query.errors import QueryValueError

NS_PER_S: Final = 10**9

MIN_NS: Final = -(2**63)
MAX_NS: Final = 2**63 - 1

_EXPECTED: Final = ("a time such as 2026-11-23, 2026-11-23T10:00:00Z or now-15m",)

_UNIT_NS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
    "d": 86_400 * NS_PER_S,
    "w": 604_800 * NS_PER_S,
}

_RELATIVE: Final = re.compile(r"now(?P<steps>(?:[+-][0-9]{1,18}(?:ns|us|µs|ms|s|m|h|d|w))*)")
_STEP: Final = re.compile(r"([+-][0-9]+)([a-zµ]+)")
_EPOCH: Final = re.compile(r"(?P<whole>[0-9]{5,19})(?:\.(?P<fraction>[0-9]{1,9}))?")
_CALENDAR: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[Tt ](?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})"
    r"(?:[.,](?P<fraction>[0-9]{1,9}))?)?)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<offset_hours>[01][0-9]|2[0-3])(?::?(?P<offset_minutes>[0-5][0-9]))?)?)?)?)?"
)
_CALENDAR_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")
_FIRST: Final = (1, 1, 1, 0, 0, 0)
_LEAP_SECOND: Final = 60
_DECEMBER: Final = 12
_LENGTH_S: Final = {3: 86_400, 4: 3600, 5: 60, 6: 1}
"""Seconds in a time written as far as its day, hour, minute or second; years and months vary."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The time that a text names, as long as its last written part: a day, a second, an instant.

    Args:
        start_ns: its first nanosecond since the epoch, UTC.
        end_ns: the nanosecond after its last.
    """

    start_ns: int
    end_ns: int


def parse_time(text: str, now_ns: int) -> TimeSpan:
    """Read a time.

    Args:
        text: RFC 3339, or any beginning of it from the year on (in UTC without a zone); `now` with steps
            such as `-15m` or `-1d+2h` (ns, us, ms, s, m, h, d, w); or a number since the epoch in
            s, ms, µs or ns, told apart by size.
        now_ns: the present in nanoseconds since the epoch.

    Raises:
        QueryValueError: if it is none of these, or not within the years 1678 to 2261.
    """
    span = _relative(text, now_ns) or _epoch(text) or _calendar(text)
    if span is None:
        raise QueryValueError(f"'{text}' is not a time", _EXPECTED)
    if not MIN_NS <= span.start_ns < span.end_ns <= MAX_NS:
        raise QueryValueError(f"'{text}' is not within the years 1678 to 2261", _EXPECTED)
    return span


def _relative(text: str, now_ns: int) -> TimeSpan | None:
    found = _RELATIVE.fullmatch(text)
    if found is None:
        return None
    steps_ns = sum(int(count) * _UNIT_NS[unit] for count, unit in _STEP.findall(found["steps"]))
    # Far away is as good as the end of time.
    start_ns = min(max(now_ns + steps_ns, MIN_NS), MAX_NS - 1)
    return TimeSpan(start_ns, start_ns + 1)


def _epoch(text: str) -> TimeSpan | None:
    found = _EPOCH.fullmatch(text)
    if found is None:
        return None
    whole = int(found["whole"])
    unit_ns = next(unit_ns for limit, unit_ns in _EPOCH_UNITS if whole < limit)
    start_ns, length_ns = whole * unit_ns, unit_ns
    if fraction := found["fraction"]:
        start_ns += int(fraction) * unit_ns // 10 ** len(fraction)
        length_ns = max(unit_ns // 10 ** len(fraction), 1)
    return TimeSpan(start_ns, start_ns + length_ns)


# Up to the year 5138 in each unit, as the intake tells them apart too.
_EPOCH_UNITS: Final = ((10**11, NS_PER_S), (10**14, 10**6), (10**17, 10**3), (10**20, 1))


def _calendar(text: str) -> TimeSpan | None:
    found = _CALENDAR.fullmatch(text)
    if found is None:
        return None
    written = [int(found[part]) for part in _CALENDAR_PARTS if found[part] is not None]
    try:
        start_s = _utc_s(*written)
        length_s = _length_s(written)
    except ValueError:
        return None
    start_ns = (start_s - _offset_s(found)) * NS_PER_S
    fraction = found["fraction"]
    if fraction is None:
        return TimeSpan(start_ns, start_ns + length_s * NS_PER_S)
    length_ns = int(10 ** (9 - len(fraction)))
    start_ns += int(fraction) * length_ns
    return TimeSpan(start_ns, start_ns + length_ns)


def _utc_s(*written: int) -> int:
    """Seconds from the epoch to year, month, day, hour, minute, second, or any first of these."""
    year, month, day, hour, minute, second = (*written, *_FIRST[len(written) :])
    leap = second == _LEAP_SECOND
    return int(datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC).timestamp()) + leap


def _length_s(written: list[int]) -> int:
    if len(written) in _LENGTH_S:
        return _LENGTH_S[len(written)]
    year, month = written[0], written[1] if len(written) > 1 else _DECEMBER
    following = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
    return _utc_s(*following) - _utc_s(*written)


def _offset_s(found: re.Match[str]) -> int:
    if found["offset_hours"] is None:
        return 0
    seconds = int(found["offset_hours"]) * 3600 + int(found["offset_minutes"] or 0) * 60
    return -seconds if found["sign"] == "-" else seconds


def time_interval(test: Test, now_ns: int) -> tuple[int | None, int | None]:
    """Say which times pass a test.

    Args:
        test: of a time.
        now_ns: the present in nanoseconds since the epoch.

    Returns:
        The first nanosecond that passes and the one after the last; None is an open end.

    Raises:
        QueryValueError: if the test is none of a time.
    """
    match test:
        case Literally(text):
            span = parse_time(text, now_ns)
            return span.start_ns, span.end_ns
        case Comparison(operator, operand):
            return _beyond(operator, operand, now_ns)
        case Range(low, high, low_included, high_included):
            start_ns = end_ns = None
            if low is not None:
                start_ns, _ = _beyond(">=" if low_included else ">", low, now_ns)
            if high is not None:
                _, end_ns = _beyond("<=" if high_included else "<", high, now_ns)
            return start_ns, end_ns
        case Exists():
            return None, None
        case Wildcard() | Regex():
            raise QueryValueError("a time has no pattern; ask for a range or a part of a date", _EXPECTED)


def _beyond(operator: Operator, operand: str, now_ns: int) -> tuple[int | None, int | None]:
    span = parse_time(operand, now_ns)
    match operator:
        case ">":
            return span.end_ns, None
        case ">=":
            return span.start_ns, None
        case "<":
            return None, span.start_ns
        case "<=":
            return None, span.end_ns
