"""Files are followed by a real aggregator: rotated, cut off, new, gone, killed."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.aggregator.running_aggregator import Aggregator, running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def add(file: Path, *texts: str) -> None:
    with file.open("a") as opened:
        opened.writelines(f"{text}\n" for text in texts)


def numbered(first: int, last: int) -> list[str]:
    return [f"INFO:root:line {number}" for number in range(first, last + 1)]


def messages(of: Aggregator, rows: int) -> list[str]:
    return sorted(
        (row["message"] for row in of.wait_for("source:file", rows)), key=lambda text: int(text.split()[-1])
    )


def lines(first: int, last: int) -> list[str]:
    return [f"line {number}" for number in range(first, last + 1)]


def status(of: Aggregator) -> dict[str, Any]:
    found: dict[str, Any] = of.request("GET", "/api/v1/stats", scope="read").json["pulled"]["file"]
    return found


def wait_until_stored(of: Aggregator, count: int) -> None:
    deadline_s = time.monotonic() + 20
    while status(of)["lines"] < count:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_a_file_is_read_and_followed(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    add(file, "2026-11-23T10:00:00Z ERROR shop.cart: no cart")
    with running(data, "--tail", str(logs / "*.log")) as aggregator:
        (row,) = aggregator.wait_for("source:file", 1)
        assert (row["service"], row["file"]) == ("app", str(file))
        assert (row["timestamp"], row["level"], row["logger"]) == (
            "2026-11-23T10:00:00Z",
            "ERROR",
            "shop.cart",
        )
        add(file, "second 2")
        add(logs / "new.log", "third 3")
        assert aggregator.wait_for("source:file", 3)
        assert aggregator.wait_for("service:new", 1)
        assert status(aggregator)["phase"] == "running"


def test_a_line_waits_for_its_end_and_a_named_service_is_every_lines(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    file.write_text("INFO:root:whole\nINFO:root:ha")
    with running(data, "--tail", f"shop={logs}/*.log") as aggregator:
        aggregator.wait_for("source:file service:shop", 1)
        time.sleep(0.5)
        with file.open("a") as opened:
            opened.write("lf\n")
        rows = aggregator.wait_for("source:file", 2)
        assert {row["message"] for row in rows} == {"whole", "half"}


def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    add(file, *numbered(1, 10))
    with running(data, "--tail", str(file)) as aggregator:
        messages(aggregator, 10)
        file.rename(logs / "app.log.1")
        add(logs / "app.log.1", *numbered(11, 12))
        add(file, *numbered(13, 14))
        assert messages(aggregator, 14) == lines(1, 14)


def test_a_file_that_is_copied_and_cut_off_is_read_from_its_beginning(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    add(file, *numbered(1, 10))
    with running(data, "--tail", str(file)) as aggregator:
        messages(aggregator, 10)
        os.truncate(file, 0)
        add(file, *numbered(11, 12))
        assert messages(aggregator, 12) == lines(1, 12)
        # As long as before, which only its beginning tells.
        os.truncate(file, 0)
        add(file, *numbered(13, 40))
        assert messages(aggregator, 40) == lines(1, 40)


def test_a_restart_goes_on_where_it_was_also_behind_a_rotation(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    add(file, *numbered(1, 10))
    with running(data, "--tail", str(file)) as aggregator:
        messages(aggregator, 10)
        wait_until_stored(aggregator, 10)
    add(file, *numbered(11, 15))
    file.rename(logs / "app.log.1")
    add(file, *numbered(16, 20))
    with running(data, "--tail", str(file)) as aggregator:
        assert messages(aggregator, 20) == lines(1, 20)
        wait_until_stored(aggregator, 10)
        assert status(aggregator)["lines"] == 10


def test_after_a_kill_nothing_is_missing_and_nothing_is_there_twice(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    add(file, *numbered(1, 60_000))
    with running(data, "--tail", str(file)) as aggregator:
        wait_until_stored(aggregator, 1)
        aggregator.process.send_signal(signal.SIGKILL)
        aggregator.process.wait()
    with running(data, "--tail", str(file)) as aggregator:
        deadline_s = time.monotonic() + 60
        path = data / "positions" / "file.json"
        while json.loads(path.read_bytes())["files"][0]["offset"] < file.stat().st_size:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        while counted(aggregator) < 60_000:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        assert counted(aggregator) == 60_000


def counted(aggregator: Aggregator) -> int:
    body = json.dumps({"query": "source:file"}).encode()
    count: int = aggregator.request("POST", "/api/v1/count", body, scope="read").json["rows"]
    return count


def test_what_is_no_text_and_what_is_too_long_costs_no_other_line(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    file.write_bytes(b"INFO:root:a\xffb\n" + b"x" * 3_000_000 + b"\nINFO:root:last\n")
    with running(data, "--tail", str(file)) as aggregator:
        rows = aggregator.wait_for("source:file", 3)
        texts = sorted((row["message"] for row in rows), key=len)
        assert texts[:2] == ["last", "a\ufffdb"] or texts[:2] == ["a\ufffdb", "last"]
        assert texts[2].endswith("x... (the rest of the line is left out)")
        assert len(texts[2]) < 600_000


def test_a_traceback_is_one_record(data: Path, logs: Path) -> None:
    file = logs / "app.log"
    add(file, "ERROR:root:failed", "Traceback (most recent call last):")
    add(file, '  File "x.py", line 1', "ValueError: no")
    with running(data, "--tail", str(file)) as aggregator:
        (row,) = aggregator.wait_for("source:file", 1)
        assert row["exception_type"] == "ValueError"


def test_without_a_file_the_source_waits_and_a_folder_is_none(data: Path, logs: Path) -> None:
    (logs / "folder.log").mkdir()
    with running(data, "--tail", str(logs / "*.log")) as aggregator:
        deadline_s = time.monotonic() + 10
        while status(aggregator)["phase"] != "waiting":
            assert time.monotonic() < deadline_s
        assert status(aggregator)["reason"] == f"no file is named {logs}/*.log"
