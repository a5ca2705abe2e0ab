"""A running aggregator on a full disk."""

import json
import os

from tests.aggregator.running_aggregator import Aggregator
from tests.aggregator.small_disk import MakeDisk, fill, make_disk
from tests.faults.forked_aggregator import forked

__all__ = ["make_disk"]  # a fixture from elsewhere

ROOM_FOR_SETTINGS_BYTES = 16_384


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


def change_retention(aggregator: Aggregator, days: int) -> int:
    change = json.dumps({"retention_days": days}).encode()
    return aggregator.request("PATCH", "/api/v1/settings", change, scope="admin").status
