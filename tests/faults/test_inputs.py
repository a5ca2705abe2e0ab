"""What no sender should send, and clocks that no machine should have: nothing is lost, memory is bounded."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator import limits
from tests.aggregator.running_aggregator import Aggregator, Answer
from tests.aggregator.store.opened_store import OpenedStore, opened
from tests.faults.forked_aggregator import forked

MIB = 1024 * 1024
PEAK_BYTES = 500 * MIB
DAY_S = 24 * 3600


@pytest.fixture
def aggregator(tmp_path: Path) -> Iterator[Aggregator]:
    """An aggregator of its own, whose memory is looked at in the end."""
    with forked(tmp_path / "data", {}) as aggregator:
        yield aggregator
        status = Path(f"/proc/{aggregator.process.pid}/status").read_text()
        (peak_kib,) = re.findall(r"VmHWM:\s*(\d+) kB", status)
        assert int(peak_kib) * 1024 < PEAK_BYTES


def post(aggregator: Aggregator, *lines: bytes) -> Answer:
    return aggregator.request("POST", "/api/v1/logs", b"".join(line + b"\n" for line in lines))


def with_neighbours(aggregator: Aggregator, line: bytes) -> tuple[Answer, dict[str, object]]:
    """Send a line between two good ones; return the answer and what became of the line."""
    answer = post(aggregator, b'{"message":"before","n":1}', line, b'{"message":"after","n":2}')
    assert (answer.status, answer.json["accepted"]) == (200, 3)
    before, kept, after = sorted(aggregator.wait_for("", 3), key=lambda row: int(row["_id"]))
    assert (before["message"], before["n"]) == ("before", 1)
    assert (after["message"], after["n"]) == ("after", 2)
    return answer, kept


def test_a_line_of_100_mb_is_refused_and_memory_stays_low(aggregator: Aggregator) -> None:
    answer = post(aggregator, b'{"message":"' + b"x" * 100_000_000 + b'"}')
    assert (answer.status, answer.error["code"]) == (413, "too_large")
    assert answer.error["limit_bytes"] == limits.BODY_BYTES
    assert aggregator.send({"message": "next"}).status == 200
    aggregator.wait_for("next", 1)


def test_a_line_of_20_mb_is_kept_up_to_the_limit_and_named(aggregator: Aggregator) -> None:
    line = b'{"message":"' + b"x" * 20_000_000 + b'"}'
    answer, kept = with_neighbours(aggregator, line)
    (error,) = answer.json["errors"]
    assert error["line"] == 2
    assert str(limits.LINE_BYTES) in error["message"]
    assert kept["message"] == line[: limits.LINE_BYTES].decode()


def test_a_million_field_names_are_all_searchable_with_bounded_memory(aggregator: Aggregator) -> None:
    fields = 1_000
    for first in range(0, 1_000_000, 100 * fields):
        lines = (
            json.dumps({f"field{number}": number for number in range(start, start + fields)}).encode()
            for start in range(first, first + 100 * fields, fields)
        )
        assert post(aggregator, *lines).status == 200
    aggregator.wait_for("", 1_000)
    for number in (0, 1, 499_999, 999_999):
        (row,) = aggregator.wait_for(f"field{number}:{number}", 1)
        assert row[f"field{number}"] == number


@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_nesting_of_100_000_levels_is_kept_as_text(aggregator: Aggregator, brackets: tuple[str, str]) -> None:
    opening, closing = brackets
    value = opening * 100_000 + "1" + closing * 100_000
    line = '{"message":"deep","a":' + value + "}"
    _, kept = with_neighbours(aggregator, line.encode())
    assert kept.get("a") == value or kept["message"] == line


@pytest.mark.parametrize(
    ("line", "message", "named"),
    [
        (b'{"message":"\xff\xfe"}', "\ufffd\ufffd", True),
        (b'{"message":"a\xc3"}', "a\ufffd", True),
        (b'{"message":"\xed\xa0\x80"}', "\ufffd\ufffd\ufffd", True),
        (b'{"message":"\\ud800 lone"}', "\ufffd lone", True),
        (b'{"message":"a\\u0000b"}', "a\x00b", False),
        (b'{"message":"a\x00b"}', '{"message":"a\x00b"}', True),
        (b"\x00\x01\x02", "\x00\x01\x02", True),
    ],
)
def test_bytes_that_are_no_text_are_replaced_or_kept_and_their_line_is_named(
    aggregator: Aggregator, line: bytes, message: str, *, named: bool
) -> None:
    answer, kept = with_neighbours(aggregator, line)
    assert kept["message"] == message
    if named:
        assert [error["line"] for error in answer.json["errors"]] == [2]


def test_late_and_out_of_order_lines_are_found_by_their_time(aggregator: Aggregator) -> None:
    now_s = int(time.time())
    ages_s = [0, 7 * DAY_S, 60, 3 * DAY_S, 1, 6 * DAY_S]
    for age_s in ages_s:
        assert aggregator.send({"message": f"{age_s}", "timestamp": now_s - age_s}).status == 200
    found = [row["message"] for row in aggregator.wait_for("", len(ages_s))]
    assert found == [f"{age_s}" for age_s in sorted(ages_s, reverse=True)]
    (row,) = aggregator.wait_for("timestamp:[now-169h TO now-167h]", 1)
    assert row["message"] == f"{7 * DAY_S}"


class Clock:
    """The machine's clock, which jumps.

    Args:
        patch: sets it.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._true_ns = time.time_ns
        self.shift_ns = 0
        patch.setattr(time, "time_ns", lambda: self._true_ns() + self.shift_ns)

    def jump(self, shift_s: float) -> None:
        """Go before or behind the true time."""
        self.shift_ns = int(shift_s * 10**9)

    def jump_to(self, year: int) -> None:
        """Go to a year."""
        self.shift_ns = int(datetime(year, 1, 2, tzinfo=UTC).timestamp() * 10**9) - self._true_ns()


def observed(store: OpenedStore, message: str) -> str:
    (row,) = store.rows(message)
    return str(row["observed"])


def test_numbers_keep_the_order_however_the_clock_jumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    true_s = int(time.time())
    jumps: dict[str, Callable[[], None]] = {
        "true": lambda: clock.jump(0),
        "hour-before": lambda: clock.jump(-3600),
        "day-behind": lambda: clock.jump(DAY_S),
        "in-1970": lambda: clock.jump_to(1970),
        "in-2100": lambda: clock.jump_to(2100),
        "true-again": lambda: clock.jump(0),
    }
    with opened(tmp_path) as store:
        for message, jump in jumps.items():
            jump()
            store.take({"message": message, "timestamp": true_s})
        assert observed(store, "in-1970").startswith("1970-01-02")
        assert observed(store, "in-2100").startswith("2100-01-02")
    clock.jump(0)
    with opened(tmp_path) as store:
        store.take({"message": "last", "timestamp": true_s})
        rows = sorted(store.rows(), key=lambda row: int(row["_id"]))
        assert [row["message"] for row in rows] == [*jumps, "last"]
        by_message = {row["message"]: row for row in rows}
        # In 1970 the line comes from the far future: its time is kept beside the one when it was taken.
        assert by_message["in-1970"]["timestamp_invalid"] == f"{true_s}"
        assert by_message["in-1970"]["timestamp"] == by_message["in-1970"]["observed"]
        marked = {message for message, row in by_message.items() if "timestamp_invalid" in row}
        assert marked == {"in-1970"}


@pytest.mark.parametrize("shift_s", [2 * DAY_S, 75 * 365 * DAY_S])
def test_a_time_in_the_far_future_is_marked(aggregator: Aggregator, shift_s: int) -> None:
    future_s = int(time.time()) + shift_s
    _, kept = with_neighbours(aggregator, json.dumps({"message": "future", "timestamp": future_s}).encode())
    assert kept["timestamp_invalid"] == f"{future_s}"
    assert kept["timestamp"] == kept["observed"]
