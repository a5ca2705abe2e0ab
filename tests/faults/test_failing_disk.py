"""A running aggregator on a disk that fails to sync."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.aggregator.running_aggregator import wait_until_healthy
from tests.faults.forked_aggregator import ForkedAggregator, fork, forked
from tests.faults.stored_lines import messages_after
from tests.faults.strace import program, traced


@contextmanager
def failing(tmp_path: Path, injection: str) -> Iterator[ForkedAggregator]:
    """Run an aggregator whose system calls on its log fail."""
    program()
    aggregator = fork(tmp_path / "data", {})
    log_file = aggregator.data / "store" / "log" / f"{1:020}.log"
    arguments = ["-P", str(log_file), "-e", f"inject={injection}"]
    try:
        with traced(aggregator.process.pid, tmp_path / "strace", *arguments):
            aggregator.process.go()
            wait_until_healthy(aggregator)
            yield aggregator
            aggregator.process.terminate()
            assert aggregator.process.wait() == 0
    finally:
        aggregator.process.kill()
        aggregator.process.wait()


def test_nothing_is_acknowledged_after_a_sync_that_failed(tmp_path: Path) -> None:
    with failing(tmp_path, "fdatasync:error=EIO:when=2") as aggregator:
        assert aggregator.send({"message": "before"}).status == 200
        for message in ("failed", "after", "later"):
            answer = aggregator.send({"message": message})
            assert (answer.status, answer.error["code"]) == (503, "store_failed")
            assert int(answer.headers["Retry-After"]) > 0
        assert [row["message"] for row in aggregator.wait_for("before", 1)] == ["before"]
        health = aggregator.request("GET", "/health", scope=None)
        assert (health.status, health.json["status"]) == (503, "degraded")
        assert "Input/output error" in health.json["reason"]
        assert (
            'ha_ingestor_aggregator_refused_lines_total{reason="store_failed",source="http"} 3.0'
            in aggregator.scrape()
        )
    with forked(tmp_path / "data", {}) as aggregator:
        assert aggregator.request("GET", "/health", scope=None).status == 200
        assert aggregator.send({"message": "again"}).status == 200
        found = messages_after(aggregator, "again")
        # What failed to sync may still have reached the disk; what came after was not written.
        assert [message for message in found if message != "failed"] == ["before", "again"]


def test_a_write_that_failed_is_not_tried_again_as_if_nothing_had_happened(tmp_path: Path) -> None:
    with failing(tmp_path, "pwrite64:error=EIO:when=2") as aggregator:
        assert [aggregator.send({"message": f"{number}"}).status for number in range(4)] == [
            200,
            503,
            503,
            503,
        ]
    with forked(tmp_path / "data", {}) as aggregator:
        assert aggregator.send({"message": "again"}).status == 200
        assert messages_after(aggregator, "again") == ["0", "again"]


def test_lines_go_on_after_a_moment_without_room(tmp_path: Path) -> None:
    with failing(tmp_path, "pwrite64:error=ENOSPC:when=2") as aggregator:
        assert [aggregator.send({"message": f"{number}"}).status for number in range(4)] == [
            200,
            507,
            200,
            200,
        ]
        assert messages_after(aggregator, "3") == ["0", "2", "3"]


def test_a_slow_sync_holds_its_sender_and_no_reader(tmp_path: Path) -> None:
    with (
        failing(tmp_path, "fdatasync:delay_enter=1500000:when=2") as aggregator,
        ThreadPoolExecutor(1) as sender,
    ):
        assert aggregator.send({"message": "before"}).status == 200
        aggregator.wait_for("before", 1)
        held = sender.submit(aggregator.send, {"message": "held"})
        assert aggregator.request("GET", "/health", scope=None).status == 200
        assert [row["message"] for row in aggregator.search(query="").json["rows"]] == ["before"]
        assert held.result(30).status == 200
        aggregator.wait_for("held", 1)
