"""A running aggregator on a full disk."""

import os

from tests.aggregator.running_aggregator import running
from tests.aggregator.small_disk import MakeDisk, fill, make_disk

__all__ = ["make_disk"]  # a fixture from elsewhere


def test_senders_are_told_and_taken_again_when_there_is_room(make_disk: MakeDisk) -> None:
    disk = make_disk("size=2m")
    with running(disk / "data") as aggregator:
        assert aggregator.send({"message": "before"}).status == 200
        fill(disk / "filler")
        answer = aggregator.send({"message": os.urandom(8192).hex()})
        assert (answer.status, answer.error["code"]) == (507, "disk_full")
        assert int(answer.headers["Retry-After"]) > 0
        assert [row["message"] for row in aggregator.wait_for("", 1)] == ["before"]
        health = aggregator.request("GET", "/health", scope=None)
        assert (health.status, health.json["status"]) == (503, "degraded")

        (disk / "filler").unlink()
        assert aggregator.send({"message": "after"}).status == 200
        assert aggregator.request("GET", "/health", scope=None).status == 200
        aggregator.wait_for("", 2)
    with running(disk / "data") as aggregator:
        assert [row["message"] for row in aggregator.wait_for("", 2)] == ["before", "after"]
