import gc
import json
import logging
import socket
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from prometheus_client import REGISTRY

from ha_ingestor_logging import ConfigurationError, configure, flush, get_logger, set_level, shutdown
from ha_ingestor_logging.levels import DEBUG, ERROR, WARNING
from tests.library.capturing import Capture
from tests.library.conftest import RunScript
from tests.library.recording_aggregator import Answer, RecordingAggregator


@pytest.fixture(autouse=True)
def shut_down() -> Iterator[None]:
    yield
    shutdown(5)


def messages(stdout: str) -> list[str]:
    return [json.loads(line)["message"] for line in stdout.splitlines()]


def test_lines_go_to_standard_output_as_json(run_script: RunScript) -> None:
    done = run_script(
        """
        from ha_ingestor_logging import configure, get_logger
        log = get_logger()
        log.info("before configure", n=1)
        configure(service="demo")
        log.info("after", n=2)
        """
    )
    assert done.stderr == ""
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["message"], first["service"], first["logger"], first["n"]) == (
        "before configure",
        "demo",
        "__main__",
        1,
    )
    assert second["n"] == 2


def test_the_environment_configures_and_arguments_win(run_script: RunScript) -> None:
    done = run_script(
        """
        from ha_ingestor_logging import configure, get_logger
        configure(level="warning")
        get_logger("x").info("hidden")
        get_logger("x").warning("shown")
        """,
        HA_INGESTOR_LOG_SERVICE="from-environment",
        HA_INGESTOR_LOG_LEVEL="debug",
    )
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["service"] == "from-environment"


def test_a_program_that_never_configures_still_shows_its_lines(run_script: RunScript) -> None:
    done = run_script("import ha_ingestor_logging as h; h.get_logger().error('seen')")
    assert messages(done.stdout) == ["seen"]


def test_lines_logged_while_the_program_exits_are_shown(run_script: RunScript) -> None:
    done = run_script(
        """
        import atexit
        from ha_ingestor_logging import configure, get_logger
        atexit.register(lambda: get_logger().info("late"))
        configure(service="demo")
        get_logger().info("early")
        """
    )
    assert messages(done.stdout) == ["early", "late"]


def test_an_unhandled_exception_does_not_lose_lines(run_script: RunScript) -> None:
    done = run_script(
        """
        from ha_ingestor_logging import configure, get_logger
        configure(service="demo")
        for number in range(5000):
            get_logger().info("line")
        raise SystemExit(3)
        """
    )
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 5000


def test_the_exit_delivers_everything(run_script: RunScript, aggregator: RecordingAggregator) -> None:
    done = run_script(
        """
        from ha_ingestor_logging import configure, get_logger
        configure(service="demo")
        for number in range(3000):
            get_logger().info("line", n=number)
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
        HA_INGESTOR_LOG_OUTPUT="http",
        HA_INGESTOR_LOG_BATCH_INTERVAL_S="100",
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert [record["n"] for record in aggregator.records] == list(range(3000))
    (push,) = (request for request in aggregator.requests if request.path == "/metrics/job/demo")
    assert b'ha_ingestor_log_records_total{level="INFO"} 3000.0' in push.body


def test_the_exit_keeps_to_its_deadline_and_says_what_was_lost(
    run_script: RunScript, aggregator: RecordingAggregator
) -> None:
    aggregator.answers += [Answer(503)] * 100
    started = time.monotonic()
    done = run_script(
        """
        from ha_ingestor_logging import configure, get_logger
        configure(service="demo", exit_timeout_s=1)
        get_logger().info("line")
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
    )
    assert time.monotonic() - started < 10
    assert messages(done.stdout)[0] == "line"
    assert "log lines were not delivered at the exit: HTTP 503" in done.stderr


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "the token is not accepted (HTTP 401)"),
        (403, "the token lacks the ingest scope (HTTP 403)"),
    ],
)
def test_the_exit_does_not_wait_for_a_refused_token_and_names_it(
    run_script: RunScript, aggregator: RecordingAggregator, status: int, reason: str
) -> None:
    aggregator.answers += [Answer(status)] * 100
    started = time.monotonic()
    done = run_script(
        """
        from ha_ingestor_logging import configure, get_logger
        configure(service="demo", exit_timeout_s=30)
        get_logger().info("line")
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
    )
    assert time.monotonic() - started < 10
    assert messages(done.stdout)[0] == "line"
    assert f"log lines were not delivered at the exit: {reason}" in done.stderr
    assert "secret" not in done.stderr


def test_without_standard_output_an_outage_is_told_on_standard_error(
    run_script: RunScript, aggregator: RecordingAggregator
) -> None:
    aggregator.answers += [Answer(401)] * 3
    done = run_script(
        """
        import time
        from ha_ingestor_logging import configure, flush, get_logger
        configure(service="demo", output="http")
        get_logger().info("line")
        for _ in range(4):
            flush(0.3)
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
    )
    assert "the aggregator refuses the token; log lines wait reason=the token is not accepted" in done.stderr
    assert "secret" not in done.stderr
    assert "line" in [record["message"] for record in aggregator.records]


def test_a_forked_child_logs_and_the_parents_lines_are_written_once(run_script: RunScript) -> None:
    done = run_script(
        """
        import os, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, get_logger, shutdown
        configure(service="demo")
        log = get_logger()
        log.info("parent before")
        child = os.fork()
        if child == 0:
            log.info("child")
            os._exit(0 if shutdown(5) else 1)
        log.info("parent after")
        _, status = os.waitpid(child, 0)
        assert status == 0
        """
    )
    assert done.stderr == ""
    assert sorted(messages(done.stdout)) == ["child", "parent after", "parent before"]
    assert len({json.loads(line)["uid"] for line in done.stdout.splitlines()}) == 3


def test_a_forked_child_delivers_by_a_connection_of_its_own(
    run_script: RunScript, aggregator: RecordingAggregator
) -> None:
    done = run_script(
        """
        import os, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, flush, get_logger, shutdown
        configure(service="demo", output="http")
        log = get_logger()
        log.info("first")
        assert flush(5)
        children = []
        for number in range(3):
            child = os.fork()
            if child == 0:
                log.info("child", n=number)
                os._exit(0 if shutdown(5) else 1)
            children.append(child)
        log.info("parent")
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(record["message"] for record in aggregator.records) == ["child"] * 3 + ["first", "parent"]
    assert len({record["uid"] for record in aggregator.records}) == 5


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing_children_flush_at_their_end(run_script: RunScript, method: str) -> None:
    done = run_script(
        f"""
        import multiprocessing, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, get_logger

        def work(number):
            if {method!r} != "fork":
                configure(service="child")
            get_logger().info("child", n=number)

        if __name__ == "__main__":
            configure(service="demo")
            get_logger().info("parent")
            context = multiprocessing.get_context({method!r})
            children = [context.Process(target=work, args=(number,)) for number in range(2)]
            for child in children:
                child.start()
            for child in children:
                child.join()
        """
    )
    assert done.stderr == ""
    assert sorted(messages(done.stdout)) == ["child", "child", "parent"]


def test_a_child_that_imports_late_flushes_at_its_end(run_script: RunScript) -> None:
    done = run_script(
        """
        import multiprocessing

        def work():
            from ha_ingestor_logging import get_logger
            get_logger().info("child")

        if __name__ == "__main__":
            child = multiprocessing.get_context("forkserver").Process(target=work)
            child.start()
            child.join()
        """
    )
    assert done.stderr == ""
    assert messages(done.stdout) == ["child"]


def test_a_fork_from_a_busy_program_never_deadlocks(run_script: RunScript) -> None:
    done = run_script(
        """
        import os, threading, time, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, get_logger, shutdown
        configure(service="demo")
        log = get_logger()
        stop = threading.Event()

        def busy():
            while not stop.is_set():
                log.info("busy")
                time.sleep(0.0005)

        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(20):
            child = os.fork()
            if child == 0:
                log.info("child")
                os._exit(0 if shutdown(10) else 1)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads:
            thread.join()
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert messages(done.stdout).count("child") == 20


def test_a_signal_handler_may_log_at_any_moment(run_script: RunScript) -> None:
    done = run_script(
        """
        import signal
        from ha_ingestor_logging import configure, get_logger
        configure(service="demo", queue_records=1_000_000, queue_size_bytes=10**9)
        log = get_logger()
        signal.signal(signal.SIGALRM, lambda *_: log.info("signal"))
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for number in range(20_000):
            log.info("line")
        signal.setitimer(signal.ITIMER_REAL, 0)
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert messages(done.stdout).count("line") == 20_000
    assert messages(done.stdout).count("signal") > 0


@pytest.mark.usefixtures("capture")
def test_the_http_clients_own_logs_do_not_come_back(
    aggregator: RecordingAggregator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "urllib3")
    configure(
        service="demo",
        level="debug",
        output="http",
        url=aggregator.url,
        token="secret",
        batch_interval_s=0.01,
        metrics_interval_s=0.05,
    )
    get_logger().info("line")
    aggregator.wait_for(1)
    time.sleep(0.5)
    assert flush(5)
    assert "urllib3.connectionpool" in {record.name for record in caplog.records}
    assert [record["message"] for record in aggregator.records] == ["line"]


def test_structlogs_own_loggers_land_in_the_same_stream(capture: Capture) -> None:
    structlog.get_logger("foreign").warning("from structlog", n=1)
    (record,) = capture()
    assert (record["logger"], record["message"], record["level"], record["n"]) == (
        "foreign",
        "from structlog",
        "WARNING",
        1,
    )


def test_structlogs_capture_works_on_these_loggers(capture: Capture) -> None:
    log = get_logger()
    with structlog.testing.capture_logs() as captured:
        log.info("captured %d", 1, field=2)
    log.info("not captured")
    assert captured == [{"event": "captured 1", "field": 2, "log_level": "info"}]
    assert [record["message"] for record in capture()] == ["not captured"]


def test_the_standard_librarys_lines_land_in_the_same_stream(capture: Capture) -> None:
    logging.getLogger("third.party").error("from %s", "logging", extra={"n": 1})
    (record,) = capture()
    assert (record["logger"], record["message"], record["level"], record["n"]) == (
        "third.party",
        "from logging",
        "ERROR",
        1,
    )


@pytest.mark.usefixtures("capture")
def test_the_standard_library_can_be_left_out(aggregator: RecordingAggregator) -> None:
    configure(service="demo", output="http", url=aggregator.url, token="secret", standard_library=False)
    logging.getLogger("third.party").error("elsewhere")
    get_logger().info("here")
    assert flush(5)
    assert [record["message"] for record in aggregator.records] == ["here"]


def test_a_logger_is_named_after_its_module() -> None:
    assert get_logger()._logger.name == __name__
    assert get_logger("other")._logger.name == "other"


def test_a_logger_can_be_given_fields(capture: Capture) -> None:
    get_logger("x", component="reader").info("line")
    (record,) = capture()
    assert record["component"] == "reader"


@pytest.mark.usefixtures("capture")
def test_a_second_configuration_replaces_the_first(aggregator: RecordingAggregator) -> None:
    log = get_logger()
    log.info("first")
    configure(service="second", level="error", output="http", url=aggregator.url, token="secret")
    log.info("hidden")
    log.error("second")
    assert flush(5)
    assert [(record["service"], record["message"]) for record in aggregator.records] == [
        ("test", "first"),
        ("second", "second"),
    ]


def test_a_wrong_configuration_leaves_the_old_one_in_place(capture: Capture) -> None:
    with pytest.raises(ConfigurationError):
        configure(service="demo", output="nowhere")
    get_logger().info("line")
    assert [record["service"] for record in capture()] == ["test"]


def test_this_runs_without_warnings(run_script: RunScript) -> None:
    done = run_script(
        """
        import warnings
        warnings.simplefilter("error")
        from ha_ingestor_logging import configure, correlation, get_logger, timed
        configure(service="demo")
        with correlation(), timed("block"):
            get_logger().info("line")
        """
    )
    assert done.stderr == ""
    assert sys.version_info >= (3, 11)


def test_configuring_again_and_again_leaves_no_more_behind(run_script: RunScript) -> None:
    done = run_script(
        """
        import atexit
        import logging
        import threading
        from prometheus_client import REGISTRY
        from ha_ingestor_logging import configure, correlation, get_logger, timed

        def work():
            for _ in range(20):
                configure(service="s", output="none")
                with correlation(), timed("work"):
                    get_logger().info("line")

        def left_behind():
            families = {family.name for family in REGISTRY.collect()}
            return atexit._ncallbacks(), threading.active_count(), len(families), logging.root.handlers

        work()
        before = left_behind()
        work()
        assert left_behind() == before
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_value_is_rendered_once_for_all_outputs(
    aggregator: RecordingAggregator, capfd: pytest.CaptureFixture[str]
) -> None:
    class Counting:
        shown = 0

        def __repr__(self) -> str:
            Counting.shown += 1
            return "counted"

    configure(service="demo", output="stdout,http", url=aggregator.url, token="t", metrics_interval_s=0)
    get_logger().info("line", value=Counting())
    assert flush(30)
    assert Counting.shown == 1
    assert (
        messages(capfd.readouterr().out) == [record["message"] for record in aggregator.records] == ["line"]
    )
    assert shutdown(5)


def test_what_was_logged_is_let_go_of(capture: Capture) -> None:
    class Held(Exception):  # noqa: N818 - not only an error is held
        pass

    held = Held("bad")
    gone = weakref.ref(held)
    get_logger().error("failed", exc_info=held)
    del held
    capture()
    deadline = time.monotonic() + 30
    while gone() is not None and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert gone() is None


def test_memory_does_not_grow_with_the_lines(run_script: RunScript) -> None:
    done = run_script(
        """
        import gc, logging, os, sys, tracemalloc
        from ha_ingestor_logging import configure, flush, get_logger
        configure(service="demo", format="json")
        log = get_logger()

        def many(start):
            for number in range(start, start + 3_000):
                log.info("line %s", number, value=f"value {number}")
                logging.getLogger("standard").info("line %s", number)
            assert flush(30)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        many(0)
        many(3_000)
        before = many(6_000)
        after = max(many(9_000), many(12_000))
        print(after - before, file=sys.stderr)
        """
    )
    assert done.returncode == 0
    assert int(done.stderr) < 500_000


def test_configuring_again_and_again_leaves_nothing_behind(run_script: RunScript) -> None:
    done = run_script(
        """
        import logging, sys, threading, warnings
        from ha_ingestor_logging import configure, get_logger, shutdown
        before = (len(logging.root.handlers), sys.excepthook, logging.getLogRecordFactory())
        for number in range(50):
            configure(service="demo", levels={"a": "debug"})
        assert (len(logging.root.handlers), threading.active_count()) == (before[0] + 1, 2)
        get_logger().info("line")
        assert shutdown()
        assert (len(logging.root.handlers), sys.excepthook, logging.getLogRecordFactory()) == before
        assert (logging.getLogger("a").level, threading.active_count()) == (0, 1)
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert messages(done.stdout) == ["line"]


def test_a_finaliser_may_log_in_the_middle_of_a_log_call(run_script: RunScript) -> None:
    done = run_script(
        """
        import gc, logging
        from ha_ingestor_logging import configure, get_logger
        configure(service="demo")
        log = get_logger()

        class Cyclic:
            def __init__(self):
                self.me = self
            def __del__(self):
                log.info("finaliser")
                logging.info("finaliser")

        gc.set_threshold(5)
        for number in range(500):
            Cyclic()
            log.info("line")
        gc.set_threshold(0)
        gc.collect()
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert messages(done.stdout).count("line") == 500
    assert messages(done.stdout).count("finaliser") == 1000


def test_a_daemon_threads_last_lines_are_shown(run_script: RunScript) -> None:
    done = run_script(
        """
        import threading
        from ha_ingestor_logging import configure, get_logger
        configure(service="demo")
        logged = threading.Event()

        def work():
            get_logger().info("from a daemon")
            logged.set()
            threading.Event().wait()

        threading.Thread(target=work, daemon=True).start()
        logged.wait()
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert messages(done.stdout) == ["from a daemon"]


def test_levels_change_at_run_time_also_for_the_standard_library(capture: Capture) -> None:
    ours, theirs = get_logger("pack.ours"), logging.getLogger("pack.theirs")
    set_level("debug", "pack")
    ours.debug("ours")
    theirs.debug("theirs")
    get_logger("else").debug("hidden")
    set_level(None, "pack")
    ours.debug("hidden")
    theirs.debug("hidden")
    set_level("error")
    ours.warning("hidden")
    theirs.warning("hidden")
    with pytest.raises(ConfigurationError):
        set_level("loud")
    assert [record["message"] for record in capture()] == ["ours", "theirs"]


def test_a_level_that_is_taken_back_is_the_configured_one() -> None:
    configure(output="none", level="warning", levels={"pack": "error"})
    ours, other = get_logger("pack.ours"), get_logger("else")
    set_level("debug")
    set_level("debug", "pack")
    set_level("debug", "pack.ours")
    assert (ours.get_effective_level(), other.get_effective_level()) == (DEBUG, DEBUG)
    for logger in ("pack.ours", "pack", None):
        set_level(None, logger)
    assert (ours.get_effective_level(), other.get_effective_level()) == (ERROR, WARNING)


def test_a_flush_keeps_to_its_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configure(
            output="http", url=f"http://127.0.0.1:{silent.getsockname()[1]}", token="t", batch_interval_s=0.0
        )
        get_logger().info("line")
        started_s = time.monotonic()
        assert not flush(0.3)
        assert 0.2 < time.monotonic() - started_s < 2
        shutdown(0.1)


def test_lines_that_were_dropped_keep_no_flush_from_being_complete_but_are_counted(
    aggregator: RecordingAggregator,
) -> None:
    def dropped() -> float:
        labels = {"reason": "refused", "level": "ERROR"}
        return REGISTRY.get_sample_value("ha_ingestor_log_records_dropped_total", labels) or 0.0

    before = dropped()
    aggregator.answers.append(Answer(400))
    configure(output="http", url=aggregator.url, token="t")
    get_logger("drops").error("refused")
    assert flush(10)
    assert dropped() == before + 1
    assert shutdown()


def test_a_shutdown_keeps_to_its_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        configure(output="http", url=url, token="t", batch_interval_s=0.0, spool=str(tmp_path))
        get_logger().info("line")
        started_s = time.monotonic()
        assert not shutdown(0.3)
        assert time.monotonic() - started_s < 1.0
        assert list(tmp_path.glob("*.spool"))


def test_forks_while_nobody_reads_standard_output_never_deadlock(run_script: RunScript) -> None:
    done = run_script(
        """
        import os, sys, threading, time, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, get_logger, shutdown
        configure(service="demo", queue_records=2000)
        reader, writer = os.pipe()
        os.dup2(writer, 1)
        log = get_logger()
        for number in range(5000):
            log.info("more than a pipe and a queue hold", padding="x" * 100)
        stop = threading.Event()
        slowest_s = 0.0

        def busy():
            global slowest_s
            while not stop.is_set():
                started_s = time.monotonic()
                log.info("busy")
                slowest_s = max(slowest_s, time.monotonic() - started_s)
                time.sleep(0.0005)

        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(3):
            child = os.fork()
            if child == 0:
                log.info("child")
                shutdown(0.01)
                os._exit(7)
            assert os.waitpid(child, 0)[1] == 7 << 8
        stop.set()
        for thread in threads:
            thread.join()
        os._exit(0 if slowest_s < 1 else 1)
        """
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_what_garbage_collections_log_stops_no_thread(
    run_script: RunScript, aggregator: RecordingAggregator
) -> None:
    done = run_script(
        """
        import gc, logging, threading, warnings
        from ha_ingestor_logging import configure, flush, get_logger
        configure(service="demo", output="stdout,http", batch_interval_s=0.0, metrics_interval_s=0.01)
        warnings.simplefilter("always")
        threads = set()
        inside = threading.local()

        def collected(phase, info):
            if phase == "stop" and not getattr(inside, "on", False):
                inside.on = True
                threads.add(threading.current_thread().name)
                warnings.warn("unclosed", ResourceWarning)
                logging.getLogger("finaliser").warning("unclosed")
                inside.on = False

        gc.callbacks.append(collected)
        gc.set_threshold(20)
        log = get_logger("own")

        class Collecting:
            def __repr__(self):
                gc.collect(0)
                return "collected"

        for number in range(3000):
            log.info("line", n=number)
        get_logger("other").info("rendered by the writer", value=Collecting())
        assert flush(30)
        gc.callbacks.clear()
        print(*sorted(name for name in threads if name.startswith("ha-ingestor")))
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "ha-ingestor-delivery ha-ingestor-log-writer"
    own = [record["n"] for record in aggregator.records if record["logger"] == "own"]
    assert own == list(range(3000))
