import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ha_ingestor_logging import get_logger, set_level, timed, timed_query
from tests.library.capturing import Capture


def observed(operation: str, outcome: str) -> float:
    labels = {"operation": operation, "outcome": outcome}
    return REGISTRY.get_sample_value("ha_ingestor_operation_duration_seconds_count", labels) or 0.0


def only(captured: list[dict[str, Any]]) -> dict[str, Any]:
    (record,) = captured
    return record


def test_a_block_is_logged_and_observed(capture: Capture) -> None:
    before = observed("block", "success")
    with timed("block", bucket="b") as timing:
        timing.add(points=3)
    record = only(capture())
    assert record["message"] == "block finished"
    assert record["level"] == "INFO"
    assert (record["operation"], record["outcome"], record["bucket"], record["points"]) == (
        "block",
        "success",
        "b",
        3,
    )
    assert record["duration_ms"] == pytest.approx(timing.duration_s * 1000, abs=0.001)
    assert observed("block", "success") == before + 1


def test_message_and_level_can_be_chosen(capture: Capture) -> None:
    with timed("block", message="all done", level="warning"):
        pass
    record = only(capture())
    assert (record["message"], record["level"]) == ("all done", "WARNING")


def test_the_line_is_the_calling_modules_unless_a_logger_is_given(capture: Capture) -> None:
    with timed("block"):
        pass

    @timed("function")
    def function() -> None:
        pass

    function()
    with timed("block", logger=get_logger("chosen")):
        pass
    assert [record["logger"] for record in capture()] == [__name__, __name__, "chosen"]


def test_a_block_that_raises_is_logged_as_an_error_and_the_exception_goes_on(capture: Capture) -> None:
    before = observed("failing", "error")
    with pytest.raises(KeyError), timed("failing"):
        raise KeyError("missing")
    record = only(capture())
    assert (record["level"], record["outcome"], record["message"]) == ("ERROR", "error", "failing failed")
    assert (record["exception_type"], record["exception_message"]) == ("KeyError", "'missing'")
    assert observed("failing", "error") == before + 1


def test_each_call_of_a_decorated_function_is_timed(capture: Capture) -> None:
    @timed("function")
    def add(a: int, b: int) -> int:
        return a + b

    assert add(1, 2) + add(3, b=4) == 10
    assert [record["message"] for record in capture()] == ["function finished"] * 2


async def test_calls_of_a_decorated_coroutine_are_timed_apart(capture: Capture) -> None:
    @timed("coroutine")
    async def nap(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    assert list(await asyncio.gather(nap(0.2), nap(0.01))) == [0.2, 0.01]
    short, long = (record["duration_ms"] for record in capture())
    assert 10 <= short < long
    assert long >= 200


async def test_a_cancelled_task_is_no_failure(capture: Capture) -> None:
    before = observed("forever", "cancelled")

    @timed("forever", slow_ms=0)
    async def forever() -> None:
        await asyncio.sleep(100)

    set_level("debug", __name__)
    task = asyncio.create_task(forever())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    record = only(capture())
    assert (record["message"], record["level"], record["outcome"]) == (
        "forever was cancelled",
        "DEBUG",
        "cancelled",
    )
    assert record.keys().isdisjoint({"exception", "exception_type"})
    assert observed("forever", "cancelled") == before + 1


def test_a_generator_is_timed_from_its_first_step_to_its_end(capture: Capture) -> None:
    @timed("generator")
    def count(until: int) -> Iterator[int]:
        for number in range(until):
            time.sleep(0.01)
            yield number

    before = observed("generator", "success")
    generator = count(3)
    assert capture() == []
    assert list(generator) == [0, 1, 2]
    assert only(capture())["duration_ms"] >= 30
    assert observed("generator", "success") == before + 1


async def test_an_async_generator_is_timed_too_and_its_failure_is_an_error(capture: Capture) -> None:
    @timed("async generator")
    async def fail() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(0.01)
        raise KeyError("missing")

    with pytest.raises(KeyError):
        async for _ in fail():
            pass
    record = only(capture())
    assert (record["outcome"], record["exception_type"]) == ("error", "KeyError")
    assert record["duration_ms"] >= 10


def test_what_took_too_long_is_warned_of(capture: Capture) -> None:
    for slow_ms in (0.0, 60_000.0):
        with timed("block", slow_ms=slow_ms):
            pass
    slow, quick = capture()
    assert (slow["level"], slow["message"], slow["slow_threshold_ms"]) == ("WARNING", "block was slow", 0.0)
    assert (quick["level"], quick["message"]) == ("INFO", "block finished")
    assert "slow_threshold_ms" not in quick


def test_resources_are_told_on_request(capture: Capture) -> None:
    @timed("function", resources=True)
    def work() -> None:
        until_s = time.thread_time() + 0.02
        while time.thread_time() < until_s:
            pass

    work()
    with timed("block"):
        pass
    with_resources, without = capture()
    assert with_resources["cpu_ms"] >= 20
    assert isinstance(with_resources.get("memory_delta_bytes", 0), int)
    assert "cpu_ms" not in without


def test_arguments_of_a_timed_function_are_not_looked_at(capture: Capture) -> None:
    class Untouchable:
        def __repr__(self) -> str:
            raise AssertionError("looked at")

        __str__ = __hash__ = __repr__  # type: ignore[assignment]

    @timed("function")
    def work(*_: object, **__: object) -> None:
        pass

    work(Untouchable(), argument=Untouchable())
    assert only(capture())["outcome"] == "success"


def test_a_query_is_logged_and_measured_with_its_rows(capture: Capture) -> None:
    labels = {"database": "postgres", "operation": "read users"}

    def rows() -> float:
        return REGISTRY.get_sample_value("ha_ingestor_query_rows_total", labels) or 0.0

    before = rows()
    with timed_query("postgres", "read users", level="info", table="users") as query:
        query.rows = 3
    with pytest.raises(OSError, match="gone"), timed_query("postgres", "read users"):
        raise OSError("gone")
    with timed_query("postgres", "read users", slow_ms=0):
        pass
    with timed_query("postgres", "read users"):
        pass
    done, failed, slow = capture()
    assert (done["database"], done["operation"], done["rows"], done["table"]) == (
        "postgres",
        "read users",
        3,
        "users",
    )
    assert (failed["outcome"], failed["exception_type"]) == ("error", "OSError")
    assert slow["level"] == "WARNING"
    assert rows() == before + 3
    for outcome, count in (("success", 3), ("error", 1)):
        assert (
            REGISTRY.get_sample_value(
                "ha_ingestor_query_duration_seconds_count", {**labels, "outcome": outcome}
            )
            == count
        )


def test_each_call_of_a_function_that_queries_is_measured_as_its_modules(capture: Capture) -> None:
    @timed_query("postgres", "clean up", level="info")
    def clean_up() -> int:
        return 1

    assert clean_up() + clean_up() == 2
    assert [record["logger"] for record in capture()] == [__name__, __name__]
