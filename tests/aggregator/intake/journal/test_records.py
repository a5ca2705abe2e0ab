"""Entries of the journal become records: who wrote them, how severe they are, and tracebacks as one."""

import json
from typing import Any

import pytest

from aggregator import limits
from aggregator.intake.journal.export_format import ExportDecoder
from aggregator.intake.journal.records import JournalRecords, uid_of
from aggregator.intake.text.stream import Understood
from tests.aggregator.intake.journal.entries import BOOT, SEQUENCE, START_US, entry, of_container

TRACEBACK = (
    "2026-11-23 10:00:00.123 ERROR (MainThread) [homeassistant.core] Error doing job",
    "Traceback (most recent call last):",
    '  File "/usr/src/homeassistant/core.py", line 1, in job',
    "    fail()",
    "ValueError: no",
)


def take(records: JournalRecords, *entries: bytes, now_s: float = 0.0) -> list[dict[str, Any]]:
    return rows_of(records.take(ExportDecoder().feed(b"".join(entries)), now_s))


def rows_of(understood: Understood) -> list[dict[str, Any]]:
    rows = [json.loads(row) for row in understood.lines.splitlines()]
    assert len(rows) == understood.rows
    return rows


def test_a_containers_line_has_the_level_that_it_tells() -> None:
    coloured = b"\x1b[33m2026-11-23 10:00:00.123 WARNING (MainThread) [homeassistant.core] slow\x1b[0m"
    records = JournalRecords()
    rows = take(records, of_container(1, "homeassistant", coloured))
    rows += rows_of(records.flush())

    assert rows == [
        {
            "service": "homeassistant",
            "stream": "stdout",
            "host": "homeassistant",
            "boot_id": BOOT,
            "uid": f"{SEQUENCE}.1",
            "timestamp": (START_US + 1) * 1000,
            "local_time": "2026-11-23 10:00:00.123",
            "level": "WARNING",
            "thread": "MainThread",
            "logger": "homeassistant.core",
            "message": "slow",
        }
    ]


@pytest.mark.parametrize(("priority", "stream"), [("6", "stdout"), ("3", "stderr")])
def test_a_containers_priority_tells_what_it_wrote_to_and_no_level(priority: str, stream: str) -> None:
    (row,) = take(JournalRecords(), of_container(1, "hassio_dns", "hello there", priority))
    assert row["stream"] == stream
    assert not {"level", "PRIORITY"} & row.keys()


@pytest.mark.parametrize(
    ("container", "service"),
    [
        ("homeassistant", "homeassistant"),
        ("hassio_supervisor", "hassio_supervisor"),
        ("addon_core_mosquitto", "addon_core_mosquitto"),
        ("app_core_mosquitto", "addon_core_mosquitto"),
    ],
)
def test_a_container_is_a_service_and_an_app_has_one_name(container: str, service: str) -> None:
    (row,) = take(JournalRecords(), of_container(1, container, "hello"))
    assert row["service"] == service


def test_a_unit_of_the_host_is_a_service_with_the_level_of_its_priority() -> None:
    fields = {"_SYSTEMD_UNIT": "NetworkManager.service", "PRIORITY": "4", "_PID": "71", "NM_DEVICE": "eth0"}
    (row,) = take(JournalRecords(), entry(1, "link down", _COMM="NetworkManager", _EXE="/x", **fields))

    assert row == {
        "service": "NetworkManager",
        "unit": "NetworkManager.service",
        "pid": 71,
        "PRIORITY": "4",
        "host": "homeassistant",
        "boot_id": BOOT,
        "uid": f"{SEQUENCE}.1",
        "NM_DEVICE": "eth0",
        "timestamp": (START_US + 1) * 1000,
        "message": "link down",
    }


def test_a_line_of_the_host_that_tells_its_level_has_that() -> None:
    (row,) = take(JournalRecords(), entry(1, "INFO:root:fine", SYSLOG_IDENTIFIER="script", PRIORITY="3"))
    assert row["level"] == "INFO"
    assert "PRIORITY" not in row


def test_an_identifier_goes_before_a_unit() -> None:
    (row,) = take(JournalRecords(), entry(1, "hello", SYSLOG_IDENTIFIER="CRON", _SYSTEMD_UNIT="cron.service"))
    assert row["service"] == "CRON"


def test_the_lines_of_a_traceback_become_one_record_among_those_of_others() -> None:
    records = JournalRecords()
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(TRACEBACK):
        rows += take(records, of_container(2 * number, "homeassistant", line, "3"))
        rows += take(records, of_container(2 * number + 1, "addon_x", "[10:00:00] INFO: fine"))
    rows += rows_of(records.flush())
    (failed,) = [row for row in rows if row["service"] == "homeassistant"]

    assert failed["message"] == "Error doing job"
    assert failed["exception_type"] == "ValueError"
    assert failed["exception"].count("\n") == 3
    assert failed["timestamp"] == START_US * 1000
    assert failed["uid"] == f"{SEQUENCE}.8", "the last line's: a part of it may be stored already"
    assert len(rows) == 1 + len(TRACEBACK)


def test_the_position_stays_before_what_is_held() -> None:
    records = JournalRecords()
    take(records, of_container(1, "addon_x", "[10:00:00] INFO: fine"))
    first = records.position
    take(records, of_container(2, "homeassistant", TRACEBACK[0]), of_container(3, "addon_x", "fine"))
    assert records.position == first
    assert records.due_s == limits.JOIN_TIME_S
    rows = take(records, now_s=limits.JOIN_TIME_S)

    assert [row["message"] for row in rows] == ["Error doing job"]
    assert records.position is not None
    assert b"i=3;" in records.position


def test_what_a_traceback_is_held_for_holds_the_position_no_longer_than_needed() -> None:
    records = JournalRecords()
    positions = []
    for number in range(1, 4):
        take(records, of_container(number, "homeassistant", TRACEBACK[0]))
        positions.append(records.position)

    assert [uid_of(position or b"").rpartition(b".")[2] for position in positions] == [b"", b"1", b"2"]


def test_an_entry_without_a_message_is_counted() -> None:
    records = JournalRecords()
    assert records.take([{b"__CURSOR": b"s=1;i=2;"}], 0) == Understood(b"", 0)
    assert records.without_message == 1
    assert records.position == b"s=1;i=2;"


def test_a_long_message_is_cut_with_a_mark() -> None:
    (row,) = take(JournalRecords(), of_container(1, "x", "y" * limits.LINE_BYTES))
    assert row["message"].endswith(f"... ({limits.LINE_BYTES // 2} bytes left out)")
    assert len(row["message"]) < limits.LINE_BYTES


def test_what_is_no_utf_8_is_replaced() -> None:
    (row,) = take(JournalRecords(), of_container(1, "x", b"a\xffb"))
    assert row["message"] == "a\ufffdb"


def test_a_cursor_of_another_form_is_the_uid_as_it_is() -> None:
    assert uid_of(b"something else") == b"something else"
