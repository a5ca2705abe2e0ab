import asyncio
import json
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ha_ingestor_logging import get_logger, timed
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


async def test_cancellation_counts_as_an_error(capture: Capture) -> None:
    @timed("cancelled")
    async def forever() -> None:
        await asyncio.sleep(100)

    task = asyncio.create_task(forever())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert only(capture())["outcome"] == "error"
    assert json.dumps(capture())
