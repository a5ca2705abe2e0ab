"""Senders' names, levels and timestamps become those of the record."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeAlias

import pytest

from aggregator.record.fields import ALIASES
from tests.aggregator.store.opened_store import OpenedStore, Row, opened

Read: TypeAlias = Callable[..., list[Row]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedStore]:
    with opened(tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def read(store: OpenedStore) -> Read:
    """Return what sends one batch and reads its records in order."""

    def send(*lines: Row) -> list[Row]:
        store.take(*lines)
        first = store.store.last_seq - len(lines)
        return [
            row for row in sorted(store.rows(), key=lambda row: int(row["_id"])) if int(row["_id"]) > first
        ]

    return send


TEXT_ALIASES = [
    (field, alias)
    for field, aliases in ALIASES.items()
    for alias in aliases
    if field not in {"timestamp", "observed", "level"}
]


@pytest.mark.parametrize(("field", "alias"), TEXT_ALIASES)
def test_other_names_fill_the_field(read: Read, field: str, alias: str) -> None:
    value = f"{time.time_ns():x}"
    (row,) = read({alias: value})
    assert row[field] == value
    assert alias not in row


@pytest.mark.parametrize("alias", ["timestamp", *ALIASES["timestamp"]])
def test_other_names_of_the_timestamp_fill_it(read: Read, alias: str) -> None:
    (row,) = read({alias: "2026-01-02T03:04:05Z"})
    assert row["timestamp"] == "2026-01-02T03:04:05Z"
    assert alias not in row or alias == "timestamp"


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("level", "warn", "WARNING"),
        ("level", "Error", "ERROR"),
        ("severity", "fatal", "CRITICAL"),
        ("lvl", "dbg", "DEBUG"),
        ("log.level", "notice", "INFO"),
        ("severity_text", "trace", "TRACE"),
        ("severityNumber", 17, "ERROR"),
        ("severity_number", "9", "INFO"),
        ("level", 30, "INFO"),
        ("level", 50, "ERROR"),
        *[
            ("PRIORITY", severity, level)
            for severity, level in enumerate(
                ["CRITICAL", "CRITICAL", "CRITICAL", "ERROR", "WARNING", "INFO", "INFO", "DEBUG"]
            )
        ],
        ("PRIORITY", "3", "ERROR"),
    ],
)
def test_levels_of_all_senders_become_ours(read: Read, name: str, value: object, level: str) -> None:
    (row,) = read({name: value, "message": "m"})
    assert row["level"] == level
    assert "level_unknown" not in row


@pytest.mark.parametrize("name", ["level", "severity", "PRIORITY"])
@pytest.mark.parametrize("value", ["odd", "", "99", "-2", "🏠"])
def test_an_unknown_level_is_kept_beside_the_record(read: Read, name: str, value: str) -> None:
    (row,) = read({name: value, "message": "m"})
    assert "level" not in row
    assert row["level_unknown"] == value


def test_the_named_level_wins_over_the_syslog_priority(read: Read) -> None:
    (row,) = read({"level": "error", "PRIORITY": "6"})
    assert row["level"] == "ERROR"
    assert row["PRIORITY"] == "6"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z"),
        ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456789Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"),
        ("2026-01-02T03:04:05.25-0330", "2026-01-02T06:34:05.250Z"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.5", "2026-01-02T03:04:05.500Z"),
        ("2026-01-02 03:04:05,678", "2026-01-02T03:04:05.678Z"),
        ("2026-01-02 03:04:05,678+01:00", "2026-01-02T02:04:05.678Z"),
        ("2026-01-02T03:04:05.123456789+00:00", "2026-01-02T03:04:05.123456789Z"),
        ("2026-01-02T03:04:05.999999999+01:00", "2026-01-02T02:04:05.999999999Z"),
        ("2026-01-02T03:04:05,1234567-0330", "2026-01-02T06:34:05.123456700Z"),
        ("1969-12-31T23:30:00.123456789-01:00", "1970-01-01T00:30:00.123456789Z"),
        (1_767_323_045, "2026-01-02T03:04:05Z"),
        (1_767_323_045.25, "2026-01-02T03:04:05.250Z"),
        (1_767_323_045_123, "2026-01-02T03:04:05.123Z"),
        (1_767_323_045_123_456, "2026-01-02T03:04:05.123456Z"),
        (1_767_323_045_123_456_789, "2026-01-02T03:04:05.123456789Z"),
        ("1767323045123456789", "2026-01-02T03:04:05.123456789Z"),
        ("1767323045.123", "2026-01-02T03:04:05.123Z"),
        (0, "1970-01-01T00:00:00Z"),
    ],
)
def test_timestamps_are_read(read: Read, sent: object, stored: str) -> None:
    (row,) = read({"timestamp": sent, "message": "m"})
    assert row["timestamp"] == stored
    assert "timestamp_invalid" not in row


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "yesterday",
        "infinity",
        "infinity+00:00",
        "-infinityZ",
        "Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59+00:00",
        "294247-01-10T04:00:54+00:00",
        "0001-01-01T00:00:00Z",
        -1,
        10**18 * 9,
        10**30,
        10**60,
        1e300,
        "1e400",
        "NaN",
        True,
        {"a": 1},
        [2026],
    ],
)
def test_an_unusable_timestamp_is_kept_beside_the_time_of_arrival(read: Read, sent: object) -> None:
    row, neighbour = read(
        {"timestamp": sent, "message": "m", "level": "error"},
        {"timestamp": "2026-01-02T03:04:05Z", "message": "n"},
    )
    assert row["timestamp"] == row["observed"]
    assert "timestamp_invalid" in row
    if isinstance(sent, str):
        assert row["timestamp_invalid"] == sent
    assert (row["message"], row["level"]) == ("m", "ERROR")
    assert (neighbour["timestamp"], neighbour["message"]) == ("2026-01-02T03:04:05Z", "n")


def test_a_timestamp_may_be_a_day_ahead_but_not_more(read: Read) -> None:
    now_s = int(time.time())
    hour_s = 3600
    near, far = read({"timestamp": now_s + 23 * hour_s}, {"timestamp": now_s + 25 * hour_s})
    assert near["timestamp"] == datetime.fromtimestamp(now_s + 23 * hour_s, UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    assert far["timestamp"] == far["observed"]


def test_without_a_timestamp_the_time_of_arrival_counts(read: Read) -> None:
    (row,) = read({"message": "m"})
    assert row["timestamp"] == row["observed"]
    assert "timestamp_invalid" not in row


def test_trace_ids_are_lower_case_and_stand_in_for_the_correlation(read: Read) -> None:
    both, only = read(
        {"traceId": "ABCDEF", "span_id": "A1", "correlation_id": "Mine"}, {"trace.id": "ABCDEF"}
    )
    assert (both["trace_id"], both["span_id"], both["correlation_id"]) == ("abcdef", "a1", "Mine")
    assert only["correlation_id"] == "abcdef"


def test_fields_of_the_record_are_text(read: Read) -> None:
    (row,) = read({"message": "m", "host": 5, "user": ["a", "b"], "logger": None})
    assert (row["host"], row["user"]) == ("5", '["a","b"]')
    assert "logger" not in row
