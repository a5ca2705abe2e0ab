"""Servers that configure once and then fork their workers, as gunicorn does."""

import json

import pytest

from tests.library.conftest import RunScript
from tests.library.recording_aggregator import Answer, RecordingAggregator

# A master that forks workers, ends some of them, lets one be killed, and starts others in their place. The
# workers end as gunicorn's do: by sys.exit out of a signal handler.
SERVER = """
import os, signal, sys, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from ha_ingestor_logging import configure, get_logger, metrics
configure(service="demo", batch_interval_s=0.05)
log = get_logger()


def work(number):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log.info("booted", worker=number)
    for request in range(50):
        metrics.events_total.inc()
        log.info("request", worker=number, n=request)
        time.sleep(0.002)
    log.info("done", worker=number)
    time.sleep(60)


def fork(number):
    child = os.fork()
    if child == 0:
        work(number)
    return child


log.info("master started")
first = [fork(number) for number in range(3)]
time.sleep(1.5)
second = [fork(number) for number in range(3, 6)]
for worker in first:
    os.kill(worker, signal.SIGTERM)
assert [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in first] == [0, 0, 0]
time.sleep(1.5)
for worker in second:
    os.kill(worker, signal.SIGTERM)
assert [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in second] == [0, 0, 0]
log.info("master ends")
"""


@pytest.mark.parametrize("spooled", [False, True])
def test_all_workers_of_a_prefork_server_deliver_everything_once(
    run_script: RunScript, aggregator: RecordingAggregator, tmp_path: object, *, spooled: bool
) -> None:
    done = run_script(
        SERVER,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
        HA_INGESTOR_LOG_OUTPUT="http",
        HA_INGESTOR_LOG_SPOOL=f"{tmp_path}/spool" if spooled else "",
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = [(record["message"], record.get("worker"), record.get("n")) for record in aggregator.records]
    expected: set[tuple[str, int | None, int | None]] = {
        ("master started", None, None),
        ("master ends", None, None),
    }
    for worker in range(6):
        expected |= {("booted", worker, None), ("done", worker, None)}
        expected |= {("request", worker, number) for number in range(50)}
    assert set(found) == expected
    assert len(found) == len(expected)
    assert len({record["uid"] for record in aggregator.records}) == len(expected)


def test_a_fork_while_metrics_are_rendered_never_deadlocks(run_script: RunScript) -> None:
    done = run_script(
        """
        import os, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import metrics
        stop = threading.Event()

        def render():
            while not stop.is_set():
                metrics.exposition()

        for number in range(200):
            metrics.errors_total.labels(f"kind-{number}").inc()
        thread = threading.Thread(target=render)
        thread.start()
        for _ in range(100):
            child = os.fork()
            if child == 0:
                metrics.events_total.inc()
                metrics.errors_total.labels("kind-7").inc()
                metrics.exposition()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        thread.join()
        print("done")
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_worker_that_is_killed_costs_the_others_nothing(
    run_script: RunScript, aggregator: RecordingAggregator
) -> None:
    done = run_script(
        """
        import os, signal, time, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, flush, get_logger
        configure(service="demo", batch_interval_s=0.05, output="stdout,http")
        log = get_logger()
        child = os.fork()
        if child == 0:
            while True:
                log.info("busy")
                time.sleep(0.001)
        time.sleep(0.5)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for number in range(100):
            log.info("line", n=number)
        assert flush(10)
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = [json.loads(text) for text in done.stdout.splitlines()]
    for records in (shown, aggregator.records):
        assert [record["n"] for record in records if record["message"] == "line"] == list(range(100))


def test_a_worker_that_logs_nothing_hears_of_levels(
    run_script: RunScript, aggregator: RecordingAggregator
) -> None:
    levels = {"*": {"level": "DEBUG", "until": None, "for_s": None}}
    aggregator.levels = Answer(200, json.dumps({"version": "v1", "levels": levels}).encode())
    done = run_script(
        """
        import logging, os, time, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, get_logger
        configure(level="warning")
        child = os.fork()
        if child == 0:
            deadline_s = time.monotonic() + 20
            while not get_logger().is_enabled_for(logging.DEBUG):
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        """,
        HA_INGESTOR_LOG_URL=aggregator.url,
        HA_INGESTOR_LOG_TOKEN="secret",
        HA_INGESTOR_LOG_OUTPUT="http",
        HA_INGESTOR_LOG_METRICS_INTERVAL_S="0",
    )
    assert done.returncode == 0, done.stderr
