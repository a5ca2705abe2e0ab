import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ha_ingestor_logging.bound_logger import BoundLogger
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.levels import DEBUG, ERROR, INFO, WARNING
from ha_ingestor_logging.output import DropCounts, Line
from ha_ingestor_logging.pipeline import Pipeline
from ha_ingestor_logging.rendering import Renderer


class CollectingOutput:
    """Keeps lines; can be held up, as a slow reader holds up standard output."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.gate = threading.Event()
        self.gate.set()
        self.closed = False
        self.dropped: DropCounts = {}
        self.failure: str | None = None
        self.has_room = True

    def write(self, lines: list[Line]) -> None:
        self.gate.wait(30)
        self.lines += lines

    def flush(self, marker: FlushMarker) -> None:
        marker.passed()

    def close(self) -> None:
        self.closed = True

    def after_fork(self) -> None:
        self.lines.clear()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for _, line in self.lines]

    @property
    def messages(self) -> list[str]:
        return [record["message"] for record in self.records]


@pytest.fixture
def output() -> CollectingOutput:
    return CollectingOutput()


@pytest.fixture
def pipeline(output: CollectingOutput) -> Iterator[Pipeline]:
    pipeline = Pipeline()
    yield pipeline
    output.gate.set()
    pipeline.stop(5)


def logger(pipeline: Pipeline, name: str = "test") -> BoundLogger:
    return BoundLogger(pipeline.emitter(name), pipeline.processors, {})


def start(pipeline: Pipeline, *outputs: CollectingOutput) -> None:
    pipeline.start(Renderer("service", "host"), outputs)


def test_lines_reach_every_output_in_order(pipeline: Pipeline, output: CollectingOutput) -> None:
    second = CollectingOutput()
    start(pipeline, output, second)
    for number in range(1000):
        logger(pipeline).info("line", n=number)
    assert pipeline.flush(10)
    assert [record["n"] for record in output.records] == list(range(1000))
    assert output.lines == second.lines
    assert pipeline.records_by_level == {INFO: 1000}


def test_what_is_logged_before_the_start_is_written_after_it(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    logger(pipeline).info("early")
    assert not pipeline.flush(0.1)
    start(pipeline, output)
    assert pipeline.flush(10)
    assert output.messages == ["early"]


def test_lines_are_written_soon_without_a_flush(pipeline: Pipeline, output: CollectingOutput) -> None:
    start(pipeline, output)
    time.sleep(0.1)
    logger(pipeline).info("line")
    deadline = time.monotonic() + 30
    while not output.lines and time.monotonic() < deadline:
        time.sleep(0.01)
    assert output.messages == ["line"]


def test_the_level_holds_for_all_loggers_and_can_change(pipeline: Pipeline, output: CollectingOutput) -> None:
    start(pipeline, output)
    before = logger(pipeline, "before")
    pipeline.set_levels(LevelRules(ERROR))
    before.info("no")
    logger(pipeline, "after").warning("no")
    before.error("yes")
    pipeline.set_levels(LevelRules(DEBUG))
    before.debug("yes")
    assert pipeline.flush(10)
    assert output.messages == ["yes", "yes"]


def test_the_caller_never_waits_for_a_slow_output(pipeline: Pipeline, output: CollectingOutput) -> None:
    output.gate.clear()
    start(pipeline, output)
    started = time.monotonic()
    for number in range(1000):
        logger(pipeline).info("line", n=number)
    assert time.monotonic() - started < 2
    assert not pipeline.flush(0.05)
    output.gate.set()
    assert pipeline.flush(10)
    assert len(output.lines) == 1000


def test_a_burst_that_the_writer_can_not_keep_up_with_loses_nothing_and_keeps_its_order(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    start(pipeline, output)
    log = logger(pipeline)
    for number in range(150_000):
        log.info("line", n=number)
    assert pipeline.flush(30)
    assert pipeline.dropped == {}
    records = output.records
    assert [record["n"] for record in records] == list(range(150_000))
    assert len({record["uid"] for record in records}) == 150_000


def test_a_burst_of_many_threads_and_of_any_values_loses_nothing(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    start(pipeline, output)
    log = logger(pipeline)

    def burst(thread: int) -> None:
        for number in range(20_000):
            log.info("line", thread=thread, n=[number])

    threads = [threading.Thread(target=burst, args=(thread,)) for thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pipeline.flush(60)
    assert pipeline.dropped == {}
    assert len(output.lines) == 120_000


def test_a_caller_does_not_wait_for_an_output_that_hangs_however_full_the_queue_is(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    pipeline.queue.set_bounds(100, 10**6)
    output.gate.clear()
    start(pipeline, output)
    logger(pipeline).info("held up")
    time.sleep(0.8)
    started_s = time.monotonic()
    for number in range(5_000):
        logger(pipeline).info("flood", n=number)
    assert time.monotonic() - started_s < 0.4
    output.gate.set()
    assert pipeline.flush(10)


def test_a_flood_is_bounded_counted_and_reported_as_a_gap(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    pipeline.queue.set_bounds(100, 10**6)
    pipeline.set_levels(LevelRules(DEBUG))
    output.gate.clear()
    start(pipeline, output)
    logger(pipeline).info("held up")
    deadline = time.monotonic() + 30
    while len(pipeline.queue) and time.monotonic() < deadline:
        time.sleep(0.01)
    for number in range(500):
        logger(pipeline).debug("flood", n=number)
    logger(pipeline).error("important")
    assert pipeline.dropped == {("queue_full", DEBUG): 440}
    output.gate.set()
    assert pipeline.flush(10)
    logger(pipeline).info("afterwards")
    deadline = time.monotonic() + 30
    while "log lines were dropped" not in output.messages and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pipeline.flush(10)
    assert Counter(output.messages) == {
        "held up": 1,
        "flood": 60,
        "important": 1,
        "afterwards": 1,
        "log lines were dropped": 1,
    }
    (gap,) = (record for record in output.records if record["message"] == "log lines were dropped")
    assert gap["level"] == "WARNING"
    assert gap["dropped"] == 440
    assert gap["dropped_by_reason"] == {"queue_full": {"DEBUG": 440}}


def test_a_gap_is_reported_only_when_the_outputs_have_room(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    output.dropped = {("delivery_full", INFO): 5}
    output.has_room = False
    start(pipeline, output)
    time.sleep(1.2)
    logger(pipeline).info("line")
    assert pipeline.flush(10)
    assert output.messages == ["line"]
    output.has_room = True
    deadline = time.monotonic() + 30
    while len(output.lines) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert output.records[1]["dropped_by_reason"] == {"delivery_full": {"INFO": 5}}


def test_what_a_value_logs_while_it_is_rendered_does_not_come_back(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    class Chatty:
        def __repr__(self) -> str:
            logger(pipeline).info("from repr", again=Chatty())
            return "chatty"

    start(pipeline, output)
    logger(pipeline).info("line", value=Chatty())
    assert pipeline.flush(10)
    assert pipeline.flush(10)
    assert output.messages == ["line"]


def test_the_librarys_own_reports_come_through_from_its_own_threads(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    class Reporting:
        def __repr__(self) -> str:
            pipeline.report(WARNING, "own report", detail=1)
            pipeline.report(DEBUG, "below the level")
            return "reporting"

    start(pipeline, output)
    logger(pipeline).info("line", value=Reporting())
    assert pipeline.flush(10)
    assert pipeline.flush(10)
    assert output.messages == ["line", "own report"]
    assert output.records[1]["logger"] == "ha_ingestor_logging"


def test_a_stop_flushes_and_closes(pipeline: Pipeline, output: CollectingOutput) -> None:
    start(pipeline, output)
    logger(pipeline).info("last")
    assert pipeline.stop(10)
    assert output.messages == ["last"]
    assert output.closed
    assert not pipeline.is_started
    assert "ha-ingestor-log-writer" not in {thread.name for thread in threading.enumerate()}


def test_a_stop_keeps_to_its_deadline_and_says_what_was_lost(
    pipeline: Pipeline, output: CollectingOutput, capsys: pytest.CaptureFixture[str]
) -> None:
    output.gate.clear()
    output.dropped = {("exit", INFO): 3}
    output.failure = "disk on fire"
    start(pipeline, output)
    logger(pipeline).info("line")
    started = time.monotonic()
    assert not pipeline.stop(0.1)
    assert time.monotonic() - started < 3
    assert "3 log lines were not delivered at the exit: disk on fire\n" in capsys.readouterr().err


def test_it_can_start_again_after_a_stop(pipeline: Pipeline, output: CollectingOutput) -> None:
    start(pipeline, output)
    assert pipeline.stop(10)
    logger(pipeline).info("between")
    start(pipeline, output)
    assert pipeline.flush(10)
    assert output.messages == ["between"]


def test_threads_that_log_at_once_lose_nothing(pipeline: Pipeline, output: CollectingOutput) -> None:
    start(pipeline, output)
    pipeline.queue.set_bounds(10**6, 10**9)
    log = logger(pipeline)

    def burst(thread: int) -> None:
        for number in range(2000):
            log.info("line", thread=thread, n=number)

    threads = [threading.Thread(target=burst, args=(thread,)) for thread in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert pipeline.flush(30)
    records = output.records
    assert len({record["uid"] for record in records}) == 8000
    for origin in range(4):
        assert [record["n"] for record in records if record["thread"] == origin] == list(range(2000))


def test_a_record_that_ends_the_program_where_it_is_rendered_costs_only_itself(
    pipeline: Pipeline, output: CollectingOutput
) -> None:
    class Ending:
        def __repr__(self) -> str:
            raise SystemExit(1)

    start(pipeline, output)
    logger(pipeline).info("before")
    logger(pipeline).error("bad", value=Ending())
    logger(pipeline).info("after")
    assert pipeline.flush(10)
    assert output.messages[:2] == ["before", "after"]
    assert pipeline.dropped == {("unrenderable", ERROR): 1}


def test_an_output_that_breaks_costs_no_other_its_lines(
    pipeline: Pipeline, output: CollectingOutput, capsys: pytest.CaptureFixture[str]
) -> None:
    class BrokenOutput(CollectingOutput):
        def write(self, lines: list[Line]) -> None:
            raise ZeroDivisionError(len(lines))

        def flush(self, marker: FlushMarker) -> None:
            raise ZeroDivisionError(marker)

    start(pipeline, BrokenOutput(), output)
    for _ in range(3):
        logger(pipeline).info("line")
        assert not pipeline.flush(10)
    assert output.messages.count("line") == 3
    assert pipeline.dropped["output_failed", INFO] == 3
    time.sleep(3)
    # One for the first, one for the two others: none for its own loss, which would never end.
    assert output.messages.count("log lines were dropped") <= 2
    assert capsys.readouterr().err.count("Traceback") == 1
