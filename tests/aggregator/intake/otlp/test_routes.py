"""OpenTelemetry's protocol to a running aggregator."""

import gzip
import json
import os
import sys
from collections.abc import Callable

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from aggregator import limits
from aggregator.errors import DiskFullError, OverloadedError
from aggregator.intake.otlp.answers import refuse
from tests.aggregator.intake.otlp.requests import as_json, as_protobuf, logs, record
from tests.aggregator.running_aggregator import Aggregator

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
PATHS = ["/v1/logs", "/otlp/v1/logs", "/insert/opentelemetry/v1/logs"]
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "zstd": zstd.compress,
}
ENCODE: dict[str, Callable[..., bytes]] = {JSON: as_json, PROTOBUF: as_protobuf}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", COMPRESS)
@pytest.mark.parametrize("kind", [JSON, PROTOBUF, "application/json; charset=utf-8"])
def test_records_are_stored_and_the_answer_is_in_the_same_encoding(
    aggregator: Aggregator, path: str, encoding: str, kind: str
) -> None:
    mark = os.urandom(8).hex()
    sent = record(mark, timeUnixNano="1764410400123456789", observedTimeUnixNano="1764410400123456790")
    body = ENCODE[kind.partition(";")[0]](
        logs(
            sent | {"traceId": "0AF7651916CD43DD8448EB211C80319C"},
            resource={"service.name": "shop", "host.name": "pi"},
        )
    )
    answer = aggregator.intake(
        "POST", path, COMPRESS[encoding](body), Content_Encoding=encoding, Content_Type=kind
    )
    assert (answer.status, answer.body) == (200, b"" if kind == PROTOBUF else b"{}")
    assert answer.headers["Content-Type"].partition(";")[0] == kind.partition(";")[0]
    (row,) = aggregator.wait_for(mark, 1)
    expected = {
        "timestamp": "2025-11-29T10:00:00.123456789Z",
        "sent_observed": 1764410400123456790,
        "level": "INFO",
        "service": "shop",
        "host": "pi",
        "message": mark,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "source": "otlp",
    }
    assert expected.items() <= row.items()


def test_a_record_without_a_time_has_that_of_its_arrival(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    body = as_json(logs(record(mark, timeUnixNano="0")))
    assert aggregator.intake("POST", PATHS[0], body, Content_Type=JSON).status == 200
    (row,) = aggregator.wait_for(mark, 1)
    assert row["timestamp"] == row["observed"]
    assert "timestamp_invalid" not in row


def test_a_record_that_came_before_is_stored_once(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    body = as_protobuf(logs(record(mark, attributes={"log.record.uid": mark})))
    for _ in range(2):
        assert aggregator.intake("POST", PATHS[0], body, Content_Type=PROTOBUF).status == 200
    (row,) = aggregator.wait_for(mark, 1)
    assert row["uid"] == mark


def test_a_part_that_is_refused_is_told(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    sent = logs(record(mark), record("x" * limits.LINE_BYTES))
    message = "record 2: longer than 1048576 bytes"

    answer = aggregator.intake("POST", PATHS[0], as_json(sent), Content_Type=JSON)
    partial = {"rejectedLogRecords": "1", "errorMessage": message}
    assert (answer.status, answer.json) == (200, {"partialSuccess": partial})
    answer = aggregator.intake("POST", PATHS[0], as_protobuf(sent), Content_Type=PROTOBUF)
    told = ExportLogsServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, told.rejected_log_records, told.error_message) == (200, 1, message)
    aggregator.wait_for(mark, 2)
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["sources"]["otlp"]["refused_lines"] == {"too_long": 2}


@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_what_can_t_be_read_is_refused_in_the_same_encoding(aggregator: Aggregator, kind: str) -> None:
    answer = aggregator.intake("POST", PATHS[0], b"\xff", Content_Type=kind)
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (400, kind)
    assert b"nothing was taken" in answer.body
    if kind == JSON:
        assert answer.json["code"] == 3


def test_an_empty_request_is_fine(aggregator: Aggregator) -> None:
    assert aggregator.intake("POST", PATHS[0], b"", Content_Type=PROTOBUF).status == 200
    assert aggregator.intake("POST", PATHS[0], b"{}", Content_Type=JSON).status == 200


def test_a_token_is_needed(aggregator: Aggregator) -> None:
    body = as_json(logs(record()))
    answer = aggregator.intake("POST", PATHS[0], body, scope=None, Content_Type=JSON)
    assert (answer.status, answer.json["code"]) == (401, 16)


@pytest.mark.parametrize("error", [OverloadedError("later"), DiskFullError("later")])
def test_what_should_be_sent_again_has_a_status_after_which_senders_do(
    error: OverloadedError | DiskFullError,
) -> None:
    answer = refuse(error, JSON)
    assert answer.status in {429, 502, 503, 504}
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == {"code": 14, "message": "later"}
    assert "Retry-After" in error.headers
