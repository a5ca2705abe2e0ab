"""A running aggregator on a full disk."""

import base64
import json
import os
from pathlib import Path

from tests.aggregator.running_aggregator import Aggregator
from tests.aggregator.small_disk import MakeDisk, fill, make_disk
from tests.aggregator.store.opened_store import wait_until
from tests.faults.forked_aggregator import STILL, fork, forked

__all__ = ["make_disk"]  # a fixture from elsewhere

ROOM_FOR_SETTINGS_BYTES = 16_384
LINE_BYTES = 80_000
PAGES_BYTES = 12_288
APART = STILL | {"aggregator.limits.SEAL_ROWS": 1}
RETRYING = APART | {"aggregator.store.load.sealer._RETRY_S": 0.1}
NEVER_RETRYING = APART | {"aggregator.store.load.sealer._RETRY_S": 600}


def test_senders_are_told_and_taken_again_when_there_is_room(make_disk: MakeDisk) -> None:
    disk = make_disk("size=2m")
    with forked(disk / "data", {}) as aggregator:
        assert aggregator.send({"message": "before"}).status == 200
        fill(disk / "filler")
        for _ in range(3):
            answer = aggregator.send({"message": os.urandom(8192).hex()})
            assert (answer.status, answer.error["code"]) == (507, "disk_full")
            assert int(answer.headers["Retry-After"]) > 0
        assert [row["message"] for row in aggregator.wait_for("", 1)] == ["before"]
        health = aggregator.request("GET", "/health", scope=None)
        assert (health.status, health.json["status"]) == (503, "degraded")
        assert (
            'ha_ingestor_aggregator_refused_lines_total{reason="disk_full",source="http"} 3.0'
            in aggregator.scrape()
        )

        (disk / "filler").unlink()
        assert aggregator.send({"message": "after"}).status == 200
        assert aggregator.request("GET", "/health", scope=None).status == 200
        aggregator.wait_for("", 2)
    with forked(disk / "data", {}) as aggregator:
        assert [row["message"] for row in aggregator.wait_for("", 2)] == ["before", "after"]


def test_a_change_of_the_settings_is_refused_and_the_old_ones_hold(make_disk: MakeDisk) -> None:
    disk = make_disk("size=2m")
    with forked(disk / "data", {}) as aggregator:
        assert change_retention(aggregator, 9) == 200
        fill(disk / "filler")
        assert change_retention(aggregator, 8) == 507
        assert aggregator.request("GET", "/api/v1/settings", scope="read").json["retention_days"] == 9
        (disk / "filler").unlink()
        assert change_retention(aggregator, 8) == 200
    assert json.loads((disk / "data" / "settings.json").read_bytes())["retention_days"] == 8


def test_retention_makes_room(make_disk: MakeDisk) -> None:
    disk = make_disk("size=2m")
    with forked(disk / "data") as aggregator:
        old = [{"message": os.urandom(2048).hex(), "timestamp": 1_600_000_000} for _ in range(200)]
        assert aggregator.send(*old).status == 200
        aggregator.wait_for("", 200)
        assert aggregator.send({"message": "new"}).status == 200
        aggregator.wait_for("new", 1)
        fill(disk / "filler")
        os.truncate(disk / "filler", (disk / "filler").stat().st_size - ROOM_FOR_SETTINGS_BYTES)
        large = {"message": os.urandom(65_536).hex()}
        assert aggregator.send(large).status == 507

        assert change_retention(aggregator, 7) == 200
        aggregator.wait_for("", 1)
        assert aggregator.send(large).status == 200


def test_a_start_is_ready_though_what_it_finds_has_no_room_for_a_segment(
    make_disk: MakeDisk, tmp_path: Path
) -> None:
    disk = make_disk("size=2m")
    messages = take_without_room_for_segments(disk, 3, tmp_path / "output")
    with forked(disk / "data", RETRYING) as aggregator:
        assert [row["message"] for row in aggregator.wait_for("", 3)] == messages
        assert aggregator.send({"message": incompressible()}).status == 507
        (disk / "filler").unlink()
        assert aggregator.send({"message": "after"}).status == 200
        assert [row["message"] for row in aggregator.wait_for("", 4)] == [*messages, "after"]
        wait_for_segments(disk, 3)
    with forked(disk / "data", RETRYING) as aggregator:
        assert [row["message"] for row in aggregator.wait_for("", 4)] == [*messages, "after"]


def test_a_start_that_waits_for_room_ends_when_it_is_told_to(make_disk: MakeDisk, tmp_path: Path) -> None:
    disk = make_disk("size=2m")
    messages = take_without_room_for_segments(disk, 4, tmp_path / "first_output")
    patient = RETRYING | {"aggregator.store.load.replay._REPLAY_S": 600}
    output = tmp_path / "output"
    aggregator = fork(disk / "data", patient, output=output)
    aggregator.process.go()
    wait_for_refused_segment(output)
    aggregator.process.terminate()
    assert aggregator.process.wait(5) == 0
    assert b'"ready"' not in output.read_bytes()

    (disk / "filler").unlink()
    with forked(disk / "data", RETRYING) as restarted:
        assert [row["message"] for row in restarted.wait_for("", 4)] == messages


def take_without_room_for_segments(disk: Path, number: int, output: Path) -> list[str]:
    """Have so many lines taken, each into a log file of its own that can't become a segment."""
    messages = [incompressible() for _ in range(number)]
    with forked(disk / "data", NEVER_RETRYING, output=output) as aggregator:
        fill(disk / "filler")
        for count, message in enumerate(messages, start=1):
            # Room for the line in the log, a few pages more than it takes, but not for it once more.
            os.truncate(disk / "filler", (disk / "filler").stat().st_size - LINE_BYTES - PAGES_BYTES)
            assert aggregator.send({"message": message}).status == 200
            if count == 2:
                # From now on nothing but the log wants the room.
                wait_for_refused_segment(output)
    assert len(list((disk / "data" / "store" / "log").glob("*.log"))) == number
    assert not list((disk / "data" / "store" / "segments").glob("*.parquet"))
    return messages


def incompressible() -> str:
    return base64.b64encode(os.urandom(LINE_BYTES)).decode()


def wait_for_refused_segment(output: Path) -> None:
    wait_until(lambda: output.exists() and b"segment not written" in output.read_bytes())


def wait_for_segments(disk: Path, number: int) -> None:
    wait_until(lambda: len(list((disk / "data" / "store" / "segments").glob("*.parquet"))) == number)


def change_retention(aggregator: Aggregator, days: int) -> int:
    change = json.dumps({"retention_days": days}).encode()
    return aggregator.request("PATCH", "/api/v1/settings", change, scope="admin").status
