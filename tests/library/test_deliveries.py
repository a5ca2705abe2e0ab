import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ha_ingestor_logging import configure, correlation, flush, get_logger, shutdown
from ha_ingestor_logging.deliveries import to_otlp_receiver
from ha_ingestor_logging.delivery import Delivery
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import ERROR, INFO, UNKNOWN
from ha_ingestor_logging.output import Line
from ha_ingestor_logging.settings import load_settings
from tests.library.capturing import discard_held_lines
from tests.library.conftest import RunScript
from tests.library.recording_aggregator import Answer, RecordingAggregator
from tests.library.recording_otlp_receiver import (
    RecordingOtlpReceiver,
    attributes,
    partial_success,
    plain,
)


class Reports:
    def __init__(self) -> None:
        self.reported: list[tuple[int, str]] = []

    def __call__(self, level: int, message: str, /, **_fields: object) -> None:
        self.reported.append((level, message))


@pytest.fixture
def receiver() -> Iterator[RecordingOtlpReceiver]:
    discard_held_lines()
    server = RecordingOtlpReceiver()
    yield server
    shutdown(5)
    server.close()


@pytest.fixture
def reports() -> Reports:
    return Reports()


def make(receiver: RecordingOtlpReceiver, reports: Reports, **settings: Any) -> Delivery:
    chosen = {"output": "otlp", "otlp_endpoint": receiver.url, "batch_interval_s": 0.0, **settings}
    return to_otlp_receiver(load_settings(chosen, {}), reports)


def line(number: int, level: str = "INFO") -> Line:
    number_of = {"INFO": INFO, "ERROR": ERROR}
    return number_of[level], json.dumps({"message": str(number), "level": level}).encode() + b"\n"


def flushed(delivery: Delivery, timeout_s: float = 15.0) -> bool:
    marker = FlushMarker(1)
    delivery.flush(marker)
    return marker.wait(timeout_s)


def bodies(receiver: RecordingOtlpReceiver) -> list[str]:
    return [plain(record.body) for record in receiver.log_records]


def test_a_program_configured_by_opentelemetrys_variables_delivers(
    run_script: RunScript, receiver: RecordingOtlpReceiver
) -> None:
    done = run_script(
        """
        from ha_ingestor_logging import configure, correlation, get_logger
        configure(service="garden", host="pi", service_version="1.2")
        with correlation("c-1"):
            try:
                int("x")
            except ValueError:
                get_logger("pack").exception("refused", entity_id="sensor.soil")
        """,
        HA_INGESTOR_LOG_OUTPUT="otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20key",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert receiver.requests[0].headers["Authorization"] == "Bearer key"
    (resource,) = receiver.exports[0].resource_logs
    about = attributes(resource.resource.attributes)
    assert (about["service.name"], about["service.version"], about["host.name"]) == ("garden", "1.2", "pi")
    (record,) = receiver.log_records
    assert (plain(record.body), record.severity_number) == ("refused", 17)
    assert abs(record.time_unix_nano - time.time_ns()) < 60 * 10**9
    assert len(record.trace_id) == 16
    found = attributes(record.attributes)
    assert found["exception.type"] == "ValueError"
    assert found["exception.stacktrace"].startswith("Traceback")
    assert (found["entity_id"], found["correlation_id"]) == ("sensor.soil", "c-1")
    assert "-" in found["log.record.uid"]


def test_the_aggregator_and_an_otlp_receiver_get_the_same_lines(
    receiver: RecordingOtlpReceiver, aggregator: RecordingAggregator
) -> None:
    configure(
        service="both",
        output="http,otlp",
        url=aggregator.url,
        token="secret",
        otlp_endpoint=receiver.url,
        metrics_interval_s=0,
        batch_interval_s=0.0,
    )
    with correlation("c"):
        for number in range(100):
            get_logger("pack").info("line", n=number)
    assert flush(10)
    ours = [(record["uid"], record["n"]) for record in aggregator.records]
    theirs = [attributes(record.attributes) for record in receiver.log_records]
    assert [(record["log.record.uid"], record["n"]) for record in theirs] == ours
    for output in ("http", "otlp"):
        delivered = REGISTRY.get_sample_value("ha_ingestor_log_records_delivered_total", {"output": output})
        assert delivered == 100


@pytest.mark.parametrize("status", [429, 502, 503, 504, 0])
def test_a_receiver_that_is_away_gets_its_lines_later(
    receiver: RecordingOtlpReceiver, reports: Reports, status: int
) -> None:
    receiver.answers += [Answer(status, headers={"Retry-After": "1"} if status else {})]
    delivery = make(receiver, reports)
    delivery.write([line(number) for number in range(10)])
    started_s = time.monotonic()
    receiver.wait_for(2)
    assert time.monotonic() - started_s > (0.9 if status else 0.2)
    assert flushed(delivery)
    assert bodies(receiver)[-10:] == [str(number) for number in range(10)]
    assert (delivery.delivered, delivery.dropped, delivery.retries) == (10, {}, 1)
    delivery.close()


def test_lines_that_it_refuses_are_counted_and_told_once(
    receiver: RecordingOtlpReceiver, reports: Reports
) -> None:
    receiver.answers += [partial_success(1, "too old")] * 3
    delivery = make(receiver, reports)
    for lines in ([line(0), line(1)], [line(2), line(3)], [line(4), line(5, "ERROR")]):
        delivery.write(lines)
        assert flushed(delivery)
    assert delivery.delivered == 3
    assert delivery.dropped == {("refused", INFO): 2, ("refused", UNKNOWN): 1}
    assert reports.reported == [(ERROR, "the OTLP receiver refused log lines")]
    delivery.close()


def test_what_the_protocol_forbids_to_repeat_is_dropped_and_counted(
    receiver: RecordingOtlpReceiver, reports: Reports
) -> None:
    receiver.answers.append(Answer(401))
    delivery = make(receiver, reports)
    delivery.write([line(number) for number in range(10)])
    assert flushed(delivery)
    delivery.write([line(10)])
    assert flushed(delivery)
    assert (len(receiver.log_requests), delivery.delivered) == (2, 1)
    assert delivery.dropped == {("refused", INFO): 10}
    assert reports.reported == [(ERROR, "the OTLP receiver refused log lines")]
    delivery.close()


def test_a_request_that_is_too_large_is_sent_in_parts(
    receiver: RecordingOtlpReceiver, reports: Reports
) -> None:
    receiver.answers += [Answer(413), Answer(413)]
    delivery = make(receiver, reports)
    delivery.write([line(number) for number in range(8)])
    assert flushed(delivery)
    assert sorted(set(bodies(receiver)), key=int) == [str(number) for number in range(8)]
    assert (delivery.delivered, delivery.dropped) == (8, {})
    delivery.close()


def test_the_spool_of_each_receiver_is_its_own(
    receiver: RecordingOtlpReceiver, aggregator: RecordingAggregator, reports: Reports, tmp_path: Path
) -> None:
    receiver.answers.append(Answer(503, headers={"Retry-After": "100"}))
    first = make(receiver, reports, spool=str(tmp_path))
    first.write([line(number) for number in range(10)])
    deadline_s = time.monotonic() + 10
    while first.spool is None or first.spool.spooled < 10:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    first.close()
    assert [path.name for path in tmp_path.iterdir()] == ["otlp"]
    configure(
        service="other",
        output="http",
        url=aggregator.url,
        token="secret",
        spool=str(tmp_path),
        metrics_interval_s=0,
    )
    get_logger().info("line")
    assert flush(10)
    assert [record["message"] for record in aggregator.records] == ["line"]
    second = make(receiver, reports, spool=str(tmp_path))
    second.start()
    receiver.wait_for(2)
    assert flushed(second)
    assert bodies(receiver)[10:] == [str(number) for number in range(10)]
    second.close()


def test_a_configuration_that_cannot_be_applied_leaves_the_old_one(
    receiver: RecordingOtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(service="old", output="otlp", otlp_endpoint=receiver.url, batch_interval_s=0.0)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    with pytest.raises(ValueError, match="needs otlp_endpoint"):
        configure(service="new", output="otlp")
    get_logger().info("line")
    assert flush(10)
    assert bodies(receiver) == ["line"]


@pytest.mark.parametrize("spooled", [False, True])
def test_a_batch_that_cannot_be_sent_at_all_is_counted_and_holds_up_no_other(
    receiver: RecordingOtlpReceiver,
    reports: Reports,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spooled: bool,
) -> None:
    delivery = make(receiver, reports, spool=str(tmp_path) if spooled else None)
    if spooled:
        receiver.answers.append(Answer(503, headers={"Retry-After": "100"}))
        delivery.write([line(9)])
        receiver.wait_for(1)
    # The renderer makes no such line; it stands for whatever fault of ours there may be.
    delivery.write([(INFO, b"no JSON\n")])
    assert flushed(delivery)
    delivery.write([line(0)])
    assert flushed(delivery)
    assert bodies(receiver)[-1:] == ["0"]
    assert delivery.dropped == {("output_failed", INFO): 1}
    assert "JSONDecodeError" in capsys.readouterr().err
    delivery.close()


def test_the_http_clients_own_logs_do_not_come_back(receiver: RecordingOtlpReceiver) -> None:
    configure(level="trace", output="otlp", otlp_endpoint=receiver.url, batch_interval_s=0.0)
    get_logger().info("line")
    assert flush(10)
    time.sleep(0.2)
    assert flush(10)
    assert bodies(receiver) == ["line"]
