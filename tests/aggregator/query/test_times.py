"""Times as people and programs write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.query.ast import Exists, Gap, Range, Wildcard
from aggregator.query.errors import QueryValueError
from aggregator.query.times import MAX_NS, MIN_NS, parse_time, time_interval

NOW_NS = 1795428000_000000000  # 2026-11-23T10:00:00Z
S = 10**9
DAY = 86_400 * S
MIDNIGHT_NS = NOW_NS - 36_000 * S


@pytest.mark.parametrize(
    ("text", "start_ns", "length_ns"),
    [
        ("2026", 1767225600 * S, 365 * DAY),
        ("2024-02", 1706745600 * S, 29 * DAY),
        ("2026-12", 1796083200 * S, 31 * DAY),
        ("2026-11-23", MIDNIGHT_NS, DAY),
        ("2026-11-23T10", NOW_NS, 3600 * S),
        ("2026-11-23T10:00", NOW_NS, 60 * S),
        ("2026-11-23T10:00:00", NOW_NS, S),
        ("2026-11-23T10:00:00Z", NOW_NS, S),
        ("2026-11-23t10:00:00z", NOW_NS, S),
        ("2026-11-23 12:00:00+02:00", NOW_NS, S),
        ("2026-11-23T04:30-0530", NOW_NS, 60 * S),
        ("2026-11-23T10:00:00.5Z", NOW_NS + S // 2, S // 10),
        ("2026-11-23T10:00:00,123456789Z", NOW_NS + 123456789, 1),
        ("2026-12-31T23:59:60Z", 1798761600 * S, S),
        ("1969-12-31T23:59:59.999999999Z", -1, 1),
        ("now", NOW_NS, 1),
        ("now-15m", NOW_NS - 900 * S, 1),
        ("now-1d+2h", NOW_NS - 22 * 3600 * S, 1),
        ("now+1w-1ms-1us-1µs-1ns", NOW_NS + 7 * DAY - 10**6 - 2001, 1),
        ("1795428000", NOW_NS, S),
        ("1795428000.25", NOW_NS + S // 4, S // 100),
        ("1795428000123", NOW_NS + 123 * 10**6, 10**6),
        ("1795428000123456", NOW_NS + 123456 * 1000, 1000),
        ("1795428000123456789", NOW_NS + 123456789, 1),
        ("now-999999999w", MIN_NS, 1),
        ("now+999999999w", MAX_NS - 1, 1),
    ],
)
def test_time_is_as_long_as_it_is_exact(text: str, start_ns: int, length_ns: int) -> None:
    span = parse_time(text, NOW_NS)
    assert (span.start_ns, span.end_ns - span.start_ns) == (start_ns, length_ns)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "yesterday",
            "now-",
            "now-15",
            "now-15x",
            "now 1h",
            "NOW",
            "12:00",
            "0000",
            "26-11-23",
            "-1",
            "٢٠٢٦",
        ),
        *(
            "2026-13",
            "2026-02-30",
            "2026-11-23T24",
            "2026-11-23Z",
            "2026-11-23T10:60",
            "2026-11-23T10:00:61Z",
        ),
        *("2026-11-23T10:00+24:00", "2026-11-23T10:00:00.1234567890Z", "12345678901234567890"),
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(QueryValueError, match="is not a time") as raised:
        parse_time(text, NOW_NS)
    assert raised.value.expected == ("a time such as 2026-11-23, 2026-11-23T10:00:00Z or now-15m",)


@pytest.mark.parametrize(
    "text", ["1600", "2300-01-01", "9999", "9999-12", "9999-12-31", "9300000000000000000"]
)
def test_time_that_nanoseconds_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(QueryValueError):
        parse_time(text, NOW_NS)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 # the zone is drawn apart
    st.integers(-23 * 60, 23 * 60),
)
def test_any_rfc_3339_time_is_read(local: datetime, offset_minutes: int) -> None:
    moment = local - timedelta(minutes=offset_minutes)
    sign, minutes = "-" if offset_minutes < 0 else "+", abs(offset_minutes)
    text = f"{local.isoformat(timespec='microseconds')}{sign}{minutes // 60:02}:{minutes % 60:02}"
    elapsed = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    span = parse_time(text, NOW_NS)
    assert span.start_ns == elapsed // timedelta(microseconds=1) * 1000
    assert span.end_ns == span.start_ns + 1000


def test_interval_of_a_range_takes_its_square_ends_in() -> None:
    def interval(low: str | None, high: str | None, brackets: str) -> tuple[int | None, int | None]:
        test = Range(low, high, low_included=brackets[0] == "[", high_included=brackets[1] == "]")
        return time_interval(test, NOW_NS)

    assert interval("2026-11-23", "2026-11-24", "[]") == (MIDNIGHT_NS, MIDNIGHT_NS + 2 * DAY)
    assert interval("2026-11-23", "2026-11-24", "{}") == (MIDNIGHT_NS + DAY, MIDNIGHT_NS + DAY)
    assert interval("now-1h", None, "[]") == (NOW_NS - 3600 * S, None)
    assert interval(None, "now", "[}") == (None, NOW_NS)


def test_every_time_exists_and_none_has_a_pattern() -> None:
    assert time_interval(Exists(), NOW_NS) == (None, None)
    with pytest.raises(QueryValueError, match="no pattern"):
        time_interval(Wildcard(("2026", Gap.ANY)), NOW_NS)
