"""OTLP over HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp."""

import gzip
import http
from collections.abc import Mapping
from typing import Final

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.errors import (
    ReceiverUnavailableError,
    RequestRefusedError,
    RequestTooLargeError,
)
from ha_ingestor_logging.http_connection import Answer, HttpConnection
from ha_ingestor_logging.otlp_records import OtlpEncoder
from ha_ingestor_logging.receiver import Receipt

# A batch has half a second; more compression would take most of it on a small machine.
_COMPRESSION_LEVEL: Final = 4
_MESSAGE_CHARACTERS_MAX: Final = 500

# The protocol allows no other request to be sent again.
_RETRYABLE: Final = frozenset(
    {
        http.HTTPStatus.TOO_MANY_REQUESTS,
        http.HTTPStatus.BAD_GATEWAY,
        http.HTTPStatus.SERVICE_UNAVAILABLE,
        http.HTTPStatus.GATEWAY_TIMEOUT,
    }
)
# These are about the lines, so that fewer of them may be taken.
_ABOUT_LINES: Final = frozenset({http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.UNPROCESSABLE_ENTITY})


class OtlpClient:
    """Sends to one receiver of OTLP over one kept connection; for use by one thread.

    Args:
        endpoint: the whole address that takes logs.
        headers: what every request carries, such as a token.
        service_version: the program's version, if it is known.
        timeout_s: when a request is given up.
    """

    output: Final = "otlp"
    title: Final = "the OTLP receiver"

    def __init__(
        self, endpoint: str, headers: Mapping[str, str], service_version: str | None, timeout_s: float
    ) -> None:
        self._endpoint = endpoint
        self._connection = HttpConnection(headers, timeout_s)
        self._encoder = OtlpEncoder(service_version)

    def send_logs(self, batch: Batch) -> Receipt:
        """Send lines; returns when the receiver has taken them.

        Raises:
            ReceiverUnavailableError: nothing was said about the lines; send them again later.
            RequestTooLargeError: send fewer lines at once.
            RequestRefusedError: these lines will never be taken.
        """
        body = gzip.compress(self._encoder.encode(batch.text()), _COMPRESSION_LEVEL)
        answer = self._connection.request(
            "POST",
            self._endpoint,
            body,
            {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"},
        )
        status = answer.status
        if http.HTTPStatus(200) <= status < http.HTTPStatus(300):
            return _receipt(answer, batch.records)
        if status in _RETRYABLE:
            raise ReceiverUnavailableError(f"HTTP {status}", answer.retry_after_s)
        if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise RequestTooLargeError(f"HTTP {status}")
        raise RequestRefusedError(f"HTTP {status}", whatever_it_holds=status not in _ABOUT_LINES)

    def after_fork(self) -> None:
        """Leave the connection to the parent of a fork."""
        self._connection.begin()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _receipt(answer: Answer, records: int) -> Receipt:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        # Somebody stands in between: a proxy's or a hotel's page to log in.
        raise ReceiverUnavailableError("the answer is not an OTLP receiver's")
    refused, message = _partial_success(answer.body, kind)
    refused = min(max(refused, 0), records)
    return Receipt(records - refused, refused=refused, message=message[:_MESSAGE_CHARACTERS_MAX] or None)


def _partial_success(body: bytes, kind: str) -> tuple[int, str]:
    """How many lines were refused, and what was said. That the others were taken the status has told."""
    try:
        if kind.endswith("json"):
            partial = orjson.loads(body).get("partialSuccess") or {}
            # The protocol's JSON writes numbers of 64 bits as text.
            return int(partial.get("rejectedLogRecords", 0)), str(partial.get("errorMessage", ""))
        partial = ExportLogsServiceResponse.FromString(body).partial_success
    except (DecodeError, ValueError, TypeError, AttributeError):
        return 0, ""
    else:
        return partial.rejected_log_records, partial.error_message
