"""A journal is followed in its folder: real journal files, a real aggregator, systemd's own journalctl."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.aggregator.intake.journal.entries import BOOT, entry, of_container
from tests.aggregator.intake.journal.test_records import TRACEBACK
from tests.aggregator.running_aggregator import Aggregator, running
from tests.aggregator.sources.journal.journal_files import environment, write, writing


def lines(first: int, last: int) -> bytes:
    return b"".join(
        of_container(number, "addon_core_mosquitto", f"[10:00:00] INFO: line {number}")
        for number in range(first, last + 1)
    )


@contextmanager
def reading(data: Path, journal: Path) -> Iterator[Aggregator]:
    with running(data, "--journal", str(journal), environment=environment()) as aggregator:
        yield aggregator


def status(of: Aggregator) -> dict[str, Any]:
    found: dict[str, Any] = of.request("GET", "/api/v1/stats", scope="read").json["pulled"]["journal"]
    return found


def wait_for_status(of: Aggregator, **wanted: object) -> dict[str, Any]:
    deadline_s = time.monotonic() + 20
    while not (found := status(of)).items() >= wanted.items():
        assert time.monotonic() < deadline_s, found
        time.sleep(0.05)
    return found


def wait_for_position(data: Path, number: int) -> None:
    deadline_s = time.monotonic() + 20
    path = data / "positions" / "journal.json"
    while not path.exists() or f";i={number:x};" not in json.loads(path.read_bytes())["cursor"]:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def counted(aggregator: Aggregator) -> int:
    body = json.dumps({"query": "source:journal"}).encode()
    count: int = aggregator.request("POST", "/api/v1/count", body, scope="read").json["rows"]
    return count


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_what_is_there_and_what_comes_is_read_once_and_in_order(data: Path, journal: Path) -> None:
    file = journal / "0123456789abcdef0123456789abcdef" / "system.journal"
    with writing(file) as writer:
        writer.write(lines(1, 1000))
        with reading(data, journal) as aggregator:
            aggregator.wait_for("source:journal", 1000)
            writer.write(lines(1001, 1010))
            rows = aggregator.wait_for("source:journal", 1010)
            assert [row["message"] for row in rows] == [f"line {number}" for number in range(1, 1011)]
            assert {row["service"] for row in rows} == {"addon_core_mosquitto"}
            assert {row["level"] for row in rows} == {"INFO"}
            assert len({row["uid"] for row in rows}) == 1010
            found = wait_for_status(aggregator, lines=1010)
            assert found["phase"] == "running"
            assert found["lag_s"] >= 0
            scraped = aggregator.scrape()
            assert 'ha_ingestor_aggregator_pulled_source_running{source="journal"} 1.0' in scraped
            assert 'ha_ingestor_aggregator_lines_total{source="journal"} 1010.0' in scraped


def test_a_restart_goes_on_where_it_was(data: Path, journal: Path) -> None:
    file = journal / "system.journal"
    write(file, lines(1, 500))
    with reading(data, journal) as aggregator:
        aggregator.wait_for("source:journal", 500)
    write(file, lines(501, 900))
    with reading(data, journal) as aggregator:
        rows = aggregator.wait_for("source:journal", 900)
        assert [row["message"] for row in rows] == [f"line {number}" for number in range(1, 901)]
        wait_for_status(aggregator, lines=400)


def test_entries_of_earlier_starts_of_the_machine_are_read_too(data: Path, journal: Path) -> None:
    before, after = "1" * 32, "2" * 32
    write(
        journal / "system.journal",
        lines(1, 5).replace(BOOT.encode(), before.encode())
        + lines(6, 10).replace(BOOT.encode(), after.encode()),
    )
    with reading(data, journal) as aggregator:
        rows = aggregator.wait_for("source:journal", 10)
        assert [row["boot_id"] for row in rows] == [before] * 5 + [after] * 5


def test_after_a_kill_nothing_is_missing_and_nothing_is_there_twice(data: Path, journal: Path) -> None:
    file = journal / "system.journal"
    with writing(file) as writer:
        writer.write(lines(1, 30_000))
        with reading(data, journal) as aggregator:
            deadline_s = time.monotonic() + 20
            while not status(aggregator)["lines"]:
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
            aggregator.process.send_signal(signal.SIGKILL)
            aggregator.process.wait()
        with reading(data, journal) as aggregator:
            deadline_s = time.monotonic() + 60
            while (count := counted(aggregator)) < 30_000:
                assert time.monotonic() < deadline_s, count
                time.sleep(0.1)
            wait_for_position(data, 30_000)
            assert counted(aggregator) == 30_000


def test_history_that_went_away_is_reported_as_a_gap(data: Path, journal: Path) -> None:
    file = journal / "system.journal"
    write(file, lines(1, 10))
    with reading(data, journal) as aggregator:
        aggregator.wait_for("source:journal", 10)
        wait_for_position(data, 10)
    file.unlink()
    write(file, lines(21, 25))
    with reading(data, journal) as aggregator:
        rows = aggregator.wait_for("source:journal", 16)
        assert [row["message"] for row in rows if row["message"].startswith("line")] == [
            f"line {number}" for number in (*range(1, 11), *range(21, 26))
        ]
        (gap,) = [row for row in rows if "gap" in row["message"]]
        assert gap["level"] == "WARNING"
        assert gap["service"] == "ha-ingestor"
        assert gap["gap_after"] != gap["gap_before"]


def test_a_traceback_and_a_unit_of_the_host_come_as_they_are_meant(data: Path, journal: Path) -> None:
    entries = b"".join(
        of_container(number, "homeassistant", line, "3") for number, line in enumerate(TRACEBACK, 1)
    )
    entries += entry(9, "link is down", SYSLOG_IDENTIFIER="kernel", PRIORITY="3", _TRANSPORT="kernel")
    write(journal / "system.journal", entries)
    with reading(data, journal) as aggregator:
        failed, kernel = aggregator.wait_for("source:journal", 2)
        assert (failed["service"], failed["exception_type"]) == ("homeassistant", "ValueError")
        assert (kernel["service"], kernel["level"]) == ("kernel", "ERROR")


def test_a_journal_that_is_not_there_yet_is_waited_for(data: Path, journal: Path) -> None:
    with reading(data, journal) as aggregator:
        assert wait_for_status(aggregator, phase="waiting")["reason"] == f"no journal in {journal}"
        assert 'ha_ingestor_aggregator_pulled_source_running{source="journal"} 0.0' in aggregator.scrape()


def test_a_missing_program_is_told(data: Path, journal: Path, tmp_path: Path) -> None:
    with running(data, "--journal", str(journal), environment={"PATH": str(tmp_path)}) as aggregator:
        assert wait_for_status(aggregator, phase="failed")["reason"] == "journalctl is not installed"
