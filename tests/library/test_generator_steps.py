import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager

import pytest

from ha_ingestor_logging.generator_steps import async_generator_inside, generator_inside


class Recorder:
    """How a manager was left, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @contextmanager
    def manager(self) -> Iterator[None]:
        self.events.append("entered")
        try:
            yield
        except BaseException as error:
            self.events.append(type(error).__name__)
            raise
        self.events.append("left")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def adder() -> Generator[int, int, str]:
    total = 0
    while total < 10:
        try:
            total += yield total
        except KeyError:
            total += 5
    return "done"


async def async_adder() -> AsyncGenerator[int, int]:
    total = 0
    while total < 10:
        try:
            await asyncio.sleep(0)
            total += yield total
        except KeyError:
            await asyncio.sleep(0)
            total += 5


def test_values_exceptions_and_the_result_pass_through(recorder: Recorder) -> None:
    generator = generator_inside(recorder.manager(), adder())
    assert recorder.events == []
    assert [next(generator), generator.send(2), generator.throw(KeyError())] == [0, 2, 7]
    assert recorder.events == ["entered"]
    with pytest.raises(StopIteration) as stop:
        generator.send(3)
    assert stop.value.value == "done"
    assert recorder.events == ["entered", "left"]


def test_an_exception_that_a_generator_does_not_handle_is_seen_outside(recorder: Recorder) -> None:
    generator = generator_inside(recorder.manager(), adder())
    next(generator)
    with pytest.raises(ValueError, match="thrown"):
        generator.throw(ValueError("thrown"))
    assert recorder.events == ["entered", "ValueError"]


def test_a_consumer_that_stops_early_is_no_failure(recorder: Recorder) -> None:
    generator = generator_inside(recorder.manager(), adder())
    next(generator)
    generator.close()
    assert recorder.events == ["entered", "left"]


def test_a_generator_that_is_never_begun_enters_nothing(recorder: Recorder) -> None:
    generator_inside(recorder.manager(), adder()).close()
    assert recorder.events == []


async def test_values_and_exceptions_pass_through_an_async_generator(recorder: Recorder) -> None:
    generator = async_generator_inside(recorder.manager(), async_adder())
    assert [await anext(generator), await generator.asend(2), await generator.athrow(KeyError())] == [0, 2, 7]
    with pytest.raises(StopAsyncIteration):
        await generator.asend(3)
    assert recorder.events == ["entered", "left"]


async def test_an_async_generator_can_be_closed_and_fail(recorder: Recorder) -> None:
    closed = async_generator_inside(recorder.manager(), async_adder())
    await anext(closed)
    await closed.aclose()
    failing = async_generator_inside(recorder.manager(), async_adder())
    await anext(failing)
    with pytest.raises(ValueError, match="thrown"):
        await failing.athrow(ValueError("thrown"))
    assert recorder.events == ["entered", "left", "entered", "ValueError"]


async def test_cancellation_reaches_a_waiting_async_generator(recorder: Recorder) -> None:
    async def waiting() -> AsyncGenerator[int]:
        yield 1
        await asyncio.sleep(100)

    async def consume() -> None:
        async for _ in async_generator_inside(recorder.manager(), waiting()):
            pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert recorder.events == ["entered", "CancelledError"]
