import sys
import threading
import time

import pytest

from ha_ingestor_logging.correlation import correlation, current_correlation
from ha_ingestor_logging.rendering import OWN_THREAD
from ha_ingestor_logging.worker import Worker


class Cycles:
    """Counts its calls and lets a test wait for them."""

    def __init__(self) -> None:
        self.count = 0
        self.done = threading.Condition()
        self.error: BaseException | None = None
        self.seen: list[tuple[bool, object]] = []

    def __call__(self) -> None:
        with self.done:
            self.count += 1
            self.seen.append((OWN_THREAD.get(), current_correlation()))
            self.done.notify_all()
            error, self.error = self.error, None
        if error is not None:
            raise error
        time.sleep(0.005)

    def wait_for(self, count: int) -> bool:
        with self.done:
            return self.done.wait_for(lambda: self.count >= count, 10)


def test_cycles_run_until_stopped() -> None:
    cycles = Cycles()
    worker = Worker("test", cycles)
    assert not worker.is_running
    worker.ensure_running()
    assert cycles.wait_for(3)
    worker.stop(5)
    assert not worker.is_running
    worker.ensure_running()
    assert not worker.is_running


def test_many_callers_start_one_thread() -> None:
    cycles = Cycles()
    worker = Worker("only-one", cycles)
    callers = [threading.Thread(target=worker.ensure_running) for _ in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert cycles.wait_for(1)
    assert [thread.name for thread in threading.enumerate()].count("only-one") == 1
    worker.stop(5)


def test_the_thread_works_for_no_request_and_is_marked_as_the_librarys() -> None:
    cycles = Cycles()
    worker = Worker("test", cycles)
    with correlation():
        worker.ensure_running()
        assert cycles.wait_for(1)
    worker.stop(5)
    assert set(cycles.seen) == {(True, None)}
    assert OWN_THREAD.get() is False


def test_an_error_in_a_cycle_is_shown_and_survived(capsys: pytest.CaptureFixture[str]) -> None:
    cycles = Cycles()
    cycles.error = RuntimeError("unforeseen")
    worker = Worker("test", cycles)
    worker.ensure_running()
    assert cycles.wait_for(2)
    worker.stop(5)
    assert "RuntimeError: unforeseen" in capsys.readouterr().err


def test_it_is_a_daemon_so_that_it_never_holds_up_the_exit() -> None:
    cycles = Cycles()
    worker = Worker("daemon", cycles)
    worker.ensure_running()
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "daemon")
    worker.stop(5)
    assert sys.is_finalizing() is False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_has_ended_is_started_again() -> None:
    cycles = Cycles()
    cycles.error = SystemExit()
    worker = Worker("test", cycles)
    worker.ensure_running()
    deadline_s = time.monotonic() + 10
    while worker.is_running:
        assert time.monotonic() < deadline_s
        time.sleep(0.001)
    assert cycles.count == 1
    worker.ensure_running()
    assert cycles.wait_for(3)
    worker.stop(5)
