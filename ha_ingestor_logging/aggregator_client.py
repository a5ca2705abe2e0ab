"""The aggregator's HTTP interface, as far as a service uses it."""

import http
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

import orjson

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.errors import (
    ReceiverUnavailableError,
    RequestRefusedError,
    RequestTooLargeError,
    TokenRefusedError,
)
from ha_ingestor_logging.http_connection import Answer, HttpConnection
from ha_ingestor_logging.receiver import Receipt
from ha_ingestor_logging.remote_levels import WantedLevels

# These say that this request can't succeed as it is. Others may pass: 401 and 403 once a token is
# put right, 404 once a proxy knows the aggregator again, 5xx and 429 by themselves.
_REFUSED: Final = frozenset(
    {
        http.HTTPStatus.BAD_REQUEST,
        http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        http.HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)

_NOT_OURS: Final = "the answer is not an aggregator's"
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

_TOKEN_REFUSED: Final[dict[int, str]] = {
    http.HTTPStatus.UNAUTHORIZED: "the token is not accepted",
    http.HTTPStatus.FORBIDDEN: "the token lacks the ingest scope",
}


class AggregatorClient:
    """Sends to one aggregator over one kept connection; for use by one thread.

    Args:
        url: the aggregator's base URL.
        token: an ingest token.
        service: the service's name.
        timeout_s: when a request is given up.
    """

    output: Final = "http"
    title: Final = "the aggregator"

    def __init__(self, url: str, token: str, service: str, timeout_s: float) -> None:
        self._url = url
        self._service = quote(service, safe="")
        self._connection = HttpConnection({"Authorization": f"Bearer {token}"}, timeout_s)

    def send_logs(self, batch: Batch) -> Receipt:
        """Send lines; returns when the aggregator has stored them.

        Args:
            batch: JSON objects, a newline after each, compressed with zstd.

        Raises:
            ReceiverUnavailableError: nothing was said about the lines; send them again later.
            TokenRefusedError: likewise, but somebody must put the token right before.
            RequestTooLargeError: send fewer lines at once.
            RequestRefusedError: these lines will never be taken.
        """
        answer = self._request(
            "POST",
            "/api/v1/logs",
            batch.body,
            {
                "Content-Type": "application/x-ndjson",
                "Content-Encoding": "zstd",
                "X-Source": "library",
                "X-Service": self._service,
            },
        )
        try:
            receipt = orjson.loads(answer.body)
            errors = receipt.get("errors") or []
            return Receipt(
                int(receipt["accepted"]),
                int(receipt.get("errors_total", len(errors))),
                levels_version=answer.headers.get("X-Levels-Version"),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ReceiverUnavailableError(_NOT_OURS) from None

    def fetch_levels(self) -> WantedLevels:
        """Ask which levels people have set for the service.

        Raises:
            DeliveryError: there is no answer, or not an aggregator's.
        """
        answer = self._request("GET", f"/api/v1/services/{self._service}/levels")
        try:
            return WantedLevels.parse(answer.body)
        except ValueError:
            raise ReceiverUnavailableError(_NOT_OURS) from None

    def push_metrics(self, exposition: bytes) -> None:
        """Replace the metrics that the aggregator holds for the service.

        Args:
            exposition: its metrics in Prometheus's text format.

        Raises:
            DeliveryError: they were not taken.
        """
        self._request(
            "PUT",
            f"/metrics/job/{self._service}",
            exposition,
            {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    def after_fork(self) -> None:
        """Leave the connection to the parent of a fork."""
        self._connection.begin()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        answer = self._connection.request(method, self._url + path, body, headers)
        status = answer.status
        if http.HTTPStatus(200) <= status < http.HTTPStatus(300):
            return answer
        if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise RequestTooLargeError(f"HTTP {status}")
        if status in _REFUSED:
            raise RequestRefusedError(f"HTTP {status}")
        if status in _TOKEN_REFUSED:
            raise TokenRefusedError(f"{_TOKEN_REFUSED[status]} (HTTP {status})", answer.retry_after_s)
        raise ReceiverUnavailableError(f"HTTP {status}", answer.retry_after_s)
