import socket
from collections.abc import Iterator

import pytest

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.errors import (
    DeliveryError,
    ReceiverUnavailableError,
    RequestRefusedError,
    RequestTooLargeError,
)
from ha_ingestor_logging.levels import INFO
from ha_ingestor_logging.otlp_client import OtlpClient
from ha_ingestor_logging.receiver import Receipt
from tests.library.recording_aggregator import Answer
from tests.library.recording_otlp_receiver import PROTOBUF, RecordingOtlpReceiver, partial_success, plain

LINES = Batch.of([(INFO, b'{"message":"one"}\n'), (INFO, b'{"message":"two"}\n')])


@pytest.fixture
def receiver() -> Iterator[RecordingOtlpReceiver]:
    server = RecordingOtlpReceiver()
    yield server
    server.close()


@pytest.fixture
def client(receiver: RecordingOtlpReceiver) -> Iterator[OtlpClient]:
    client = OtlpClient(f"{receiver.url}/base/v1/logs", {"X-Key": "secret"}, "1.0", 2.0)
    yield client
    client.close()


def test_lines_are_sent_as_compressed_protobuf_with_the_headers(
    client: OtlpClient, receiver: RecordingOtlpReceiver
) -> None:
    assert client.send_logs(LINES) == Receipt(2)
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/base/v1/logs")
    assert request.headers["Content-Type"] == "application/x-protobuf"
    assert request.headers["Content-Encoding"] == "gzip"
    assert request.headers["X-Key"] == "secret"
    assert [plain(record.body) for record in receiver.log_records] == ["one", "two"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, ReceiverUnavailableError),
        (502, ReceiverUnavailableError),
        (503, ReceiverUnavailableError),
        (504, ReceiverUnavailableError),
        (0, ReceiverUnavailableError),
        (413, RequestTooLargeError),
        (307, RequestRefusedError),
        (400, RequestRefusedError),
        (401, RequestRefusedError),
        (404, RequestRefusedError),
        (500, RequestRefusedError),
        (501, RequestRefusedError),
    ],
)
def test_only_what_the_protocol_lets_be_repeated_is(
    client: OtlpClient, receiver: RecordingOtlpReceiver, status: int, error: type[DeliveryError]
) -> None:
    receiver.answers.append(Answer(status, headers={"Retry-After": "7", "Location": f"{receiver.url}/other"}))
    with pytest.raises(error) as caught:
        client.send_logs(LINES)
    if isinstance(caught.value, ReceiverUnavailableError) and status:
        assert caught.value.retry_after_s == 7
    if isinstance(caught.value, RequestRefusedError):
        assert caught.value.whatever_it_holds is (status != 400)
    assert client.send_logs(LINES) == Receipt(2)
    assert {request.path for request in receiver.requests} == {"/base/v1/logs"}


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        (Answer(200), Receipt(2)),
        (Answer(202, b"{}", {"Content-Type": "application/json"}), Receipt(2)),
        (partial_success(1, "too old"), Receipt(1, refused=1, message="too old")),
        (partial_success(0, "deprecated"), Receipt(2, message="deprecated")),
        (partial_success(9, ""), Receipt(0, refused=2)),
        (partial_success(-9, ""), Receipt(2)),
        (partial_success(0, "x" * 9999), Receipt(2, message="x" * 500)),
        (
            Answer(
                200,
                b'{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"bad"}}',
                {"Content-Type": "application/json; charset=utf-8"},
            ),
            Receipt(1, refused=1, message="bad"),
        ),
        (Answer(200, b"\xff\xff\xff", PROTOBUF), Receipt(2)),
        (Answer(200, b"[" * 100_000, {"Content-Type": "application/json"}), Receipt(2)),
        (Answer(200, b'{"partialSuccess":[1]}', {"Content-Type": "application/json"}), Receipt(2)),
        (Answer(200, b"OK", {"Content-Type": "text/plain"}), Receipt(2)),
    ],
)
def test_an_answer_tells_what_was_taken(
    client: OtlpClient, receiver: RecordingOtlpReceiver, answer: Answer, receipt: Receipt
) -> None:
    receiver.answers.append(answer)
    assert client.send_logs(LINES) == receipt


def test_a_page_to_log_in_is_no_receivers_answer(client: OtlpClient, receiver: RecordingOtlpReceiver) -> None:
    receiver.answers.append(Answer(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}))
    with pytest.raises(ReceiverUnavailableError):
        client.send_logs(LINES)


def test_no_receiver_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = OtlpClient(f"http://127.0.0.1:{free.getsockname()[1]}/v1/logs", {}, None, 1.0)
        with pytest.raises(ReceiverUnavailableError):
            client.send_logs(LINES)
        client.close()
