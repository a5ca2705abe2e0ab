import gzip
import json
import logging
import socket
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ha_ingestor_logging.aggregator_client import AggregatorClient
from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.errors import (
    DeliveryError,
    ReceiverUnavailableError,
    RequestRefusedError,
    RequestTooLargeError,
    TokenRefusedError,
)
from ha_ingestor_logging.levels import DEBUG, INFO
from ha_ingestor_logging.receiver import Receipt
from ha_ingestor_logging.remote_levels import WantedLevels
from tests.library.recording_aggregator import Answer, RecordingAggregator

LINES = Batch.of([(INFO, b'{"message":"one"}\n'), (INFO, b'{"message":"two"}\n')])


@pytest.fixture
def client(aggregator: RecordingAggregator) -> Iterator[AggregatorClient]:
    client = AggregatorClient(aggregator.url, "secret", "my service/ä", 2.0)
    yield client
    client.close()


def test_lines_are_sent_compressed_with_the_token(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    assert client.send_logs(LINES) == Receipt(accepted=2, faulty=0)
    (request,) = aggregator.requests
    assert (request.method, request.path) == ("POST", "/api/v1/logs")
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["Content-Encoding"] == "zstd"
    assert request.headers["X-Source"] == "library"
    assert request.headers["X-Service"] == "my%20service%2F%C3%A4"
    assert request.lines == [{"message": "one"}, {"message": "two"}]


def test_lines_that_were_kept_as_text_are_counted(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    aggregator.answers += [
        Answer(200, json.dumps({"accepted": 2, "errors": [{"line": 1, "message": "bad"}]}).encode()),
        Answer(200, json.dumps({"accepted": 500, "errors": [], "errors_total": 300}).encode()),
    ]
    assert client.send_logs(LINES) == Receipt(2, 1)
    assert client.send_logs(LINES) == Receipt(500, 300)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRefusedError),
        (415, RequestRefusedError),
        (413, RequestTooLargeError),
        (401, TokenRefusedError),
        (403, TokenRefusedError),
        (404, ReceiverUnavailableError),
        (429, ReceiverUnavailableError),
        (500, ReceiverUnavailableError),
        (503, ReceiverUnavailableError),
        (507, ReceiverUnavailableError),
        (0, ReceiverUnavailableError),
    ],
)
def test_each_failure_says_whether_to_try_again(
    client: AggregatorClient, aggregator: RecordingAggregator, status: int, error: type[DeliveryError]
) -> None:
    aggregator.answers.append(Answer(status))
    with pytest.raises(error):
        client.send_logs(LINES)
    assert client.send_logs(LINES) == Receipt(2, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"accepted":"many"}',
        b"\xff",
        b'{"accepted":1e999}',
        b'{"accepted":Infinity}',
        b"[" * 100_000,
        b'{"accepted":1,"errors":[' + b" " * 300_000 + b"]}",
    ],
)
def test_an_answer_that_is_not_an_aggregators_is_no_receipt(
    client: AggregatorClient, aggregator: RecordingAggregator, body: bytes
) -> None:
    aggregator.answers.append(Answer(200, body))
    with pytest.raises(ReceiverUnavailableError):
        client.send_logs(LINES)


def test_a_redirect_does_not_carry_the_token_away(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(307, headers={"Location": f"{aggregator.url}/elsewhere"}))
    with pytest.raises(ReceiverUnavailableError):
        client.send_logs(LINES)
    assert [request.path for request in aggregator.requests] == ["/api/v1/logs"]


def test_the_aggregators_wish_to_wait_is_read(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    for header, seconds in (("7", 7.0), (date, 60.0), ("soon", None), ("-1", None)):
        aggregator.answers.append(Answer(503, headers={"Retry-After": header}))
        with pytest.raises(ReceiverUnavailableError) as caught:
            client.send_logs(LINES)
        assert caught.value.retry_after_s == (None if seconds is None else pytest.approx(seconds, abs=3))


def test_no_aggregator_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = AggregatorClient(f"http://127.0.0.1:{free.getsockname()[1]}", "secret", "test", 1.0)
        with pytest.raises(ReceiverUnavailableError):
            client.send_logs(LINES)
        client.close()


def test_an_aggregator_that_hangs_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = AggregatorClient(f"http://127.0.0.1:{silent.getsockname()[1]}", "secret", "test", 0.2)
        started = time.monotonic()
        with pytest.raises(ReceiverUnavailableError):
            client.send_logs(LINES)
        assert time.monotonic() - started < 5
        client.close()


def test_a_compressed_bomb_is_not_unpacked(client: AggregatorClient, aggregator: RecordingAggregator) -> None:
    bomb = gzip.compress(b'{"accepted":2,"errors":[]}' + b" " * 200 * 2**20)
    aggregator.answers.append(Answer(200, bomb, {"Content-Encoding": "gzip"}))
    tracemalloc.start()
    assert client.send_logs(LINES) == Receipt(2)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 20 * 2**20
    assert client.send_logs(LINES) == Receipt(2)


def test_what_is_left_of_a_long_answer_is_not_taken_for_the_next(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    for size_bytes in (256 * 1024 + 100, 300_000, 3_000_000):
        aggregator.answers.append(Answer(200, b"x" * size_bytes))
        with pytest.raises(ReceiverUnavailableError):
            client.send_logs(LINES)
        assert client.send_logs(LINES) == Receipt(2)


def test_the_token_is_neither_logged_nor_in_an_error(
    client: AggregatorClient, aggregator: RecordingAggregator, caplog: pytest.LogCaptureFixture
) -> None:
    aggregator.answers.append(Answer(401))
    with caplog.at_level(logging.DEBUG, "urllib3"), pytest.raises(ReceiverUnavailableError) as caught:
        client.send_logs(LINES)
    assert caplog.records
    assert "secret" not in caplog.text + repr(caught.value)


def test_metrics_are_put_under_the_services_name(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    client.push_metrics(b"up 1\n")
    (request,) = aggregator.requests
    assert (request.method, request.path) == ("PUT", "/metrics/job/my%20service%2F%C3%A4")
    assert request.body == b"up 1\n"
    assert request.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_the_version_of_levels_comes_with_a_receipt(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(200, b'{"accepted":2,"errors":[]}', {"X-Levels-Version": "v1"}))
    assert client.send_logs(LINES) == Receipt(2, levels_version="v1")
    assert client.send_logs(LINES) == Receipt(2)


def test_levels_are_asked_for_by_the_services_name(
    client: AggregatorClient, aggregator: RecordingAggregator
) -> None:
    levels = {"*": {"level": "DEBUG", "until": None, "for_s": 1.5}}
    aggregator.levels = Answer(200, json.dumps({"version": "v", "levels": levels}).encode())
    assert client.fetch_levels() == WantedLevels("v", {"*": DEBUG}, {"*": 1.5})
    (request,) = aggregator.requests
    assert (request.method, request.path) == ("GET", "/api/v1/services/my%20service%2F%C3%A4/levels")
    assert request.headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer(404), Answer(403), Answer(0)])
def test_no_levels_are_no_answer(
    client: AggregatorClient, aggregator: RecordingAggregator, answer: Answer
) -> None:
    aggregator.levels = answer
    with pytest.raises(DeliveryError):
        client.fetch_levels()
