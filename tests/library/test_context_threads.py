import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from ha_ingestor_logging import (
    ContextThreadPoolExecutor,
    correlation,
    current_correlation,
    get_logger,
    in_current_context,
)
from tests.library.capturing import Capture


def current_id() -> str | None:
    current = current_correlation()
    return current.correlation_id if current else None


def test_a_thread_logs_under_the_ids_of_its_starter(capture: Capture) -> None:
    log = get_logger()
    with correlation("c-1", user="anna"):
        thread = threading.Thread(target=in_current_context(log.info), args=("in a thread",))
    thread.start()
    thread.join()
    (record,) = capture()
    assert (record["correlation_id"], record["user"]) == ("c-1", "anna")


def test_a_function_with_its_context_may_run_in_many_threads_at_once() -> None:
    meeting = threading.Barrier(4)

    def meet() -> str | None:
        meeting.wait(30)
        return current_id()

    with correlation("c-1"):
        carried = in_current_context(meet)
    with ThreadPoolExecutor(4) as executor:
        assert [future.result() for future in [executor.submit(carried) for _ in range(4)]] == ["c-1"] * 4


def test_an_executor_carries_the_ids_of_each_submission_and_leaks_none() -> None:
    with ContextThreadPoolExecutor(1) as executor:
        with correlation("one"):
            one = executor.submit(current_id)
            mapped = executor.map(lambda _: current_id(), range(2))
        with correlation("two"):
            two = executor.submit(current_id)
        assert (one.result(), two.result(), list(mapped)) == ("one", "two", ["one", "one"])
        assert executor.submit(current_id).result() is None


async def test_run_in_executor_carries_the_ids_too() -> None:
    with ContextThreadPoolExecutor(1) as executor, correlation("c-1"):
        assert await asyncio.get_running_loop().run_in_executor(executor, current_id) == "c-1"


def test_what_a_thread_changes_stays_there() -> None:
    def change() -> None:
        correlation("inner").__enter__()

    with ContextThreadPoolExecutor(1) as executor, correlation("outer"):
        executor.submit(change).result()
        assert current_id() == "outer"
        assert executor.submit(current_id).result() == "outer"
