import logging
import math
import time
from contextvars import Context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging import configure, correlation, flush, get_logger
from ha_ingestor_logging.entry import Entry
from ha_ingestor_logging.levels import WARNING
from ha_ingestor_logging.repeated_lines import RepeatedLines
from tests.library.capturing import Capture
from tests.library.conftest import RunScript
from tests.library.recording_aggregator import RecordingAggregator

SECOND = 1_000_000_000


def entry(at_ns: int, event: object, **fields: Any) -> Entry:
    return at_ns, WARNING, "logger", Context(), {}, event, (), fields


def messages(entries: Any) -> list[Any]:
    return [each[5] for each in entries]


def test_the_first_is_written_and_the_others_are_counted(capture: Capture) -> None:
    log = get_logger()
    for depth in range(413):
        log.warning("the queue is %s", "long", depth=depth, once_every_s=3600)
    log.warning("another line", once_every_s=3600)
    first, another, told = capture()
    assert (first["message"], first["depth"]) == ("the queue is long", 0)
    assert another["message"] == "another line"
    assert told["message"] == "the queue is long … repeated 412 times"
    assert (told["repeated"], told["depth"], told["level"]) == (412, 412, "WARNING")
    assert told["repeated_within_ms"] >= 0
    assert not any("once_every_s" in record for record in (first, another, told))


def test_when_the_time_is_over_the_count_is_told_without_a_flush(
    aggregator: RecordingAggregator, capture: Capture
) -> None:
    log = get_logger()
    for _ in range(5):
        log.warning("again", once_every_s=0.2)
    deadline = time.monotonic() + 30
    while not (told := [record for record in aggregator.records if "repeated" in record]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert told[0]["repeated"] == 4
    log.warning("again", once_every_s=0.2)
    assert [record["message"] for record in capture()] == ["again", "again … repeated 4 times", "again"]


def test_each_flush_tells_only_what_is_new(capture: Capture) -> None:
    log = get_logger()
    for repeats in (3, 1, 2):
        for _ in range(repeats):
            log.warning("again", once_every_s=3600)
        assert flush(10)
    assert [record.get("repeated") for record in capture()] == [None, 2, 1, 2]


def test_lines_that_do_not_ask_are_all_written(capture: Capture) -> None:
    for _ in range(3):
        get_logger().warning("again")
    assert [record["message"] for record in capture()] == ["again"] * 3


def test_the_exit_tells_the_count(run_script: RunScript) -> None:
    done = run_script("""
        from ha_ingestor_logging import configure, get_logger
        configure(service="s", repeat_interval_s=3600)
        for _ in range(1000):
            get_logger().info("again")
    """)
    assert done.stderr == ""
    first, told = done.stdout.splitlines()
    assert '"message":"again"' in first
    assert '"repeated":999' in told


def test_with_the_setting_lines_that_differ_in_any_field_are_not_alike(
    capture: Capture, aggregator: RecordingAggregator
) -> None:
    configure(
        service="test",
        output="http",
        url=aggregator.url,
        token="secret",
        metrics_interval_s=0.0,
        repeat_interval_s=3600,
    )
    log = get_logger()
    for number in (1, 2, 1):
        log.warning("line", number=number)
        logging.getLogger("foreign").warning("line %d", number)
        try:
            int(f"no {number}")
        except ValueError:
            log.exception("failed")
    log.error("line", number=1)
    log.bind(room="hall").warning("line", number=1)
    records = [record for record in capture() if not record["logger"].startswith("ha_ingestor")]
    told = [record["message"] for record in records if "repeated" in record]
    assert sorted(told) == [
        "failed … repeated 1 times",
        "line 1 … repeated 1 times",
        "line … repeated 1 times",
    ]
    assert len(records) == 8 + 3


def test_the_count_carries_the_latest_calls_ids(capture: Capture) -> None:
    for number in range(3):
        with correlation(f"c-{number}"):
            get_logger().warning("again", once_every_s=3600)
    assert [record["correlation_id"] for record in capture()] == ["c-0", "c-2"]


def test_a_level_or_logger_of_its_own_is_a_line_of_its_own(capture: Capture) -> None:
    get_logger("a").warning("line", once_every_s=3600)
    get_logger("a").error("line", once_every_s=3600)
    get_logger("b").warning("line", once_every_s=3600)
    assert len(capture()) == 3


@pytest.mark.parametrize("interval", ["soon", -1, 0, math.nan, math.inf, 10**400, [60]])
def test_what_makes_no_interval_is_no_reason_to_lose_a_line(capture: Capture, interval: object) -> None:
    for _ in range(2):
        get_logger().warning("line", once_every_s=interval)
    assert len(capture()) == 2


def test_a_message_of_any_type_can_be_repeated(capture: Capture) -> None:
    for _ in range(3):
        get_logger().warning(["not", "hashable"], once_every_s=60)
    assert [record.get("repeated") for record in capture()] == [None, 2]


def test_kinds_of_lines_are_bounded() -> None:
    lines = RepeatedLines()
    for number in range(3000):
        assert lines.admits(entry(0, f"line {number}", once_every_s=60))
    assert len(lines) == 1000
    assert lines.admits(entry(0, "line 2999", once_every_s=60))
    assert not lines.admits(entry(0, "line 1", once_every_s=60))
    assert messages(lines.ended(61 * SECOND)) == ["line 1 … repeated 1 times"]
    assert len(lines) == 0


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.sampled_from(["log", "end", "flush"])))
)
def test_firsts_and_counts_add_up_to_all_lines(steps: list[tuple[str, int, str]]) -> None:
    lines = RepeatedLines()
    at_ns = written = counted = logged = 0
    for event, pause_s, action in steps:
        at_ns += pause_s * SECOND
        if action == "log":
            logged += 1
            written += lines.admits(entry(at_ns, event, once_every_s=10))
        else:
            told = lines.ended(at_ns) if action == "end" else lines.so_far()
            counted += sum(each[7]["repeated"] for each in told)
    counted += sum(each[7]["repeated"] for each in lines.so_far())
    assert written + counted == logged
