"""The library against the real aggregator."""

import logging
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import urllib3

from ha_ingestor_logging import (
    ExplainedError,
    configure,
    correlation,
    flush,
    get_logger,
    metrics,
    set_level,
    shutdown,
)
from tests.aggregator_process import AggregatorProcess
from tests.library.capturing import discard_held_lines
from tests.library.conftest import RunScript
from tests.library.secrets_for_tests import IN_CONTEXT, SHAPED

pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason="the aggregator needs Python 3.13")


@pytest.fixture
def real_aggregator(tmp_path: Path) -> Iterator[AggregatorProcess]:
    aggregator = AggregatorProcess(tmp_path / "data")
    aggregator.start()
    discard_held_lines()
    yield aggregator
    shutdown(5)
    aggregator.stop()


def ask(aggregator: AggregatorProcess, path: str, body: dict[str, Any] | None = None) -> Any:
    response = urllib3.request(
        "GET" if body is None else "POST",
        aggregator.url + path,
        json=body,
        headers={"Authorization": f"Bearer {aggregator.token('read')}"},
    )
    assert response.status == HTTPStatus.OK, response.data
    return response.json()


def search(aggregator: AggregatorProcess, query: str, expected: int) -> list[dict[str, Any]]:
    """Search until the expected number is found: what was acknowledged is found within a second."""
    deadline = time.monotonic() + 30
    while True:
        body = {"query": query, "limit": 5000, "order": "asc"}
        rows: list[dict[str, Any]] = ask(aggregator, "/api/v1/search", body)["rows"]
        if len(rows) >= expected or time.monotonic() > deadline:
            return rows
        time.sleep(0.1)


def deliver_to(aggregator: AggregatorProcess, spool: Path | None = None, **settings: Any) -> None:
    chosen: dict[str, Any] = {
        "spool": None if spool is None else str(spool),
        "service": "library-test",
        "output": "http",
        "url": aggregator.url,
        "token": aggregator.token("ingest"),
        "batch_interval_s": 0.01,
        "metrics_interval_s": 0.2,
    }
    configure(**{**chosen, **settings})


def test_a_line_is_found_with_all_of_its_fields(real_aggregator: AggregatorProcess) -> None:
    deliver_to(real_aggregator)
    log = get_logger("reader")
    with correlation("c-1", request_id="r-1") as current:
        try:
            int("not a number")
        except ValueError:
            log.exception(
                "could not read %s", "it", entity_id="sensor.kitchen", attempts=3, nested={"a": [1]}
            )
    assert flush(10)
    (row,) = search(real_aggregator, "correlation_id:c-1", 1)
    assert row["message"] == "could not read it"
    assert (row["level"], row["service"], row["logger"], row["source"]) == (
        "ERROR",
        "library-test",
        "reader",
        "library",
    )
    assert (row["trace_id"], row["span_id"], row["request_id"]) == (current.trace_id, current.span_id, "r-1")
    assert (row["entity_id"], row["attempts"], row["nested"]) == ("sensor.kitchen", 3, {"a": [1]})
    assert row["exception_type"] == "ValueError"
    assert row["exception"].startswith("Traceback")
    assert [found["uid"] for found in search(real_aggregator, "entity_id:sensor.kitchen attempts:>2", 1)] == [
        row["uid"]
    ]


def test_no_secret_reaches_the_aggregator(real_aggregator: AggregatorProcess) -> None:
    deliver_to(real_aggregator)
    log = get_logger("secrets")
    secrets = [*SHAPED.values(), *(secret for _, secret in IN_CONTEXT)]
    for secret in SHAPED.values():
        log.info("shape %s", secret, field=secret, nested={"a": [secret]})
    for text, _ in IN_CONTEXT:
        log.error("context", text=text, exc_info=RuntimeError(text))
    assert flush(10)
    expected = len(SHAPED) + len(IN_CONTEXT)
    rows = search(real_aggregator, "logger:secrets", expected)
    assert len(rows) == expected
    stored = "\n".join(str(value) for row in rows for value in row.values())
    assert [secret for secret in secrets if secret in stored] == []


def test_an_exceptions_explanation_and_causes_are_found(real_aggregator: AggregatorProcess) -> None:
    deliver_to(real_aggregator)
    error = ExplainedError("write refused", error_code="INFLUX-429", user_impact="no history")
    error.__cause__ = OSError("quota")
    get_logger("explained").error("failed", exc_info=error)
    assert flush(10)
    (row,) = search(real_aggregator, "error_code:INFLUX-429", 1)
    assert row["user_impact"] == "no history"
    assert [link["message"] for link in row["exception_chain"]] == ["write refused", "quota"]


def test_pushed_metrics_give_the_service_its_event_rate(real_aggregator: AggregatorProcess) -> None:
    deliver_to(real_aggregator)
    get_logger().info("started")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        metrics.events_total.inc(10)
        time.sleep(0.2)
        service = ask(real_aggregator, "/api/v1/stats")["services"].get("library-test", {})
        if service.get("events_per_s"):
            break
    assert service["events_per_s"] > 0


def set_levels(aggregator: AggregatorProcess, method: str, body: dict[str, Any] | None = None) -> None:
    response = urllib3.request(
        method,
        f"{aggregator.url}/api/v1/services/library-test/levels",
        json=body,
        headers={"Authorization": f"Bearer {aggregator.token('admin')}"},
    )
    assert response.status < HTTPStatus.BAD_REQUEST, response.data


def test_levels_that_are_set_at_the_aggregator_win_until_they_are_withdrawn(
    real_aggregator: AggregatorProcess,
) -> None:
    deliver_to(real_aggregator)
    ours, theirs = get_logger("pack.ours"), logging.getLogger("pack.theirs")

    def say(step: str) -> None:
        ours.debug(step, whose="ours")
        theirs.debug(step)
        # Its answer tells the version, before the next step.
        get_logger("told").error(step)
        assert flush(10)
        time.sleep(1.2)

    set_levels(real_aggregator, "PUT", {"levels": {"pack": "DEBUG"}})
    say("unheard")
    say("heard")
    set_level("error", "pack")
    set_levels(real_aggregator, "DELETE")
    say("still")
    say("after")
    rows = search(real_aggregator, "logger:pack.*", 4)
    assert [(row["message"], row["logger"]) for row in rows] == [
        (step, logger) for step in ("heard", "still") for logger in ("pack.ours", "pack.theirs")
    ]


def test_a_service_that_is_silent_hears_of_levels_and_goes_back_by_itself(
    real_aggregator: AggregatorProcess,
) -> None:
    deliver_to(real_aggregator, level="warning", remote_levels_interval_s=0.2, metrics_interval_s=0)
    log = get_logger("silent")
    set_levels(real_aggregator, "PUT", {"levels": {"*": "DEBUG"}, "for_s": 4})
    deadline_s = time.monotonic() + 20
    for logs_debug in (True, False):
        while log.is_enabled_for(logging.DEBUG) is not logs_debug:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
    assert log.is_enabled_for(logging.WARNING)


def test_lines_wait_for_an_aggregator_that_was_killed_and_are_stored_once(
    real_aggregator: AggregatorProcess,
) -> None:
    deliver_to(real_aggregator)
    log = get_logger()
    for number in range(1000):
        log.info("line", n=number)
        if number == 300:
            assert flush(10)
        if number == 600:
            real_aggregator.kill()
        time.sleep(0.0005)
    assert not flush(0.5)
    real_aggregator.start()
    assert flush(30)
    rows = search(real_aggregator, "message:line", 1000)
    assert sorted(row["n"] for row in rows) == list(range(1000))


def test_no_line_is_lost_or_doubled_when_the_aggregator_is_killed_again_and_again(
    real_aggregator: AggregatorProcess, tmp_path: Path
) -> None:
    deliver_to(real_aggregator, tmp_path / "spool")
    log = get_logger()
    for number in range(4000):
        if number in {1500, 3500}:
            real_aggregator.kill()
        if number in {2000, 3999}:
            real_aggregator.start()
        log.info("line", n=number)
        time.sleep(0.0002)
    assert flush(60)
    rows = search(real_aggregator, "message:line", 4000)
    assert sorted(row["n"] for row in rows) == list(range(4000))


def test_the_next_start_delivers_what_a_killed_service_had_spooled(
    real_aggregator: AggregatorProcess, run_script: RunScript, tmp_path: Path
) -> None:
    token = real_aggregator.token("ingest")
    real_aggregator.kill()
    done = run_script(
        """
        import os, signal, time
        from ha_ingestor_logging import configure, get_logger, metrics
        configure(service="library-test", output="http", batch_interval_s=0.01)
        for number in range(500):
            get_logger().info("left behind", n=number)
        while b'log_records_spooled_total{output="http"} 5' not in metrics.exposition():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        HA_INGESTOR_LOG_URL=real_aggregator.url,
        HA_INGESTOR_LOG_TOKEN=token,
        HA_INGESTOR_LOG_SPOOL=str(tmp_path / "spool"),
    )
    assert done.returncode == -9
    real_aggregator.start()
    deliver_to(real_aggregator, tmp_path / "spool")
    rows = search(real_aggregator, '"left behind"', 500)
    assert sorted(row["n"] for row in rows) == list(range(500))
