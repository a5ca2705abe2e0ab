"""The aggregator's HTTP interface, as far as a service uses it."""

import http
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

import orjson
import urllib3

from ha_ingestor_logging.errors import (
    AggregatorUnavailableError,
    RequestRefusedError,
    RequestTooLargeError,
    TokenRefusedError,
)
from ha_ingestor_logging.remote_levels import WantedLevels

_CONNECT_TIMEOUT_S: Final = 3.0
# Enough for a hundred named errors; a longer answer is not worth reading.
_ANSWER_MAX_BYTES: Final = 256 * 1024

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


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the aggregator did with a batch.

    Args:
        accepted: lines that it stored.
        faulty: lines among them that it could keep as text only.
        levels_version: tells which levels it wants of the service from others, if it says so.
    """

    accepted: int
    faulty: int
    levels_version: str | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    headers: Mapping[str, str]


class AggregatorClient:
    """Sends to one aggregator over one kept connection; for use by one thread.

    Args:
        url: the aggregator's base URL.
        token: an ingest token.
        service: the service's name.
        timeout_s: when a request is given up.
    """

    def __init__(self, url: str, token: str, service: str, timeout_s: float) -> None:
        self._url = url
        self._service = quote(service, safe="")
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "ha-ingestor-logging"}
        self._pool = urllib3.PoolManager(
            num_pools=1,
            timeout=urllib3.Timeout(connect=min(_CONNECT_TIMEOUT_S, timeout_s), read=timeout_s),
            # Given whole, as urllib3 would log about making one.
            retries=urllib3.Retry(total=False, redirect=False),
        )

    def send_logs(self, body: bytes) -> Receipt:
        """Send JSON lines; returns when the aggregator has stored them.

        Args:
            body: JSON objects, a newline after each, compressed with zstd.

        Raises:
            AggregatorUnavailableError: nothing was said about the lines; send them again later.
            TokenRefusedError: likewise, but somebody must put the token right before.
            RequestTooLargeError: send fewer lines at once.
            RequestRefusedError: these lines will never be taken.
        """
        answer = self._request(
            "POST",
            "/api/v1/logs",
            body,
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
                answer.headers.get("X-Levels-Version"),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise AggregatorUnavailableError(_NOT_OURS) from None

    def fetch_levels(self) -> WantedLevels:
        """Ask which levels people have set for the service.

        Raises:
            DeliveryError: there is no answer, or not an aggregator's.
        """
        answer = self._request("GET", f"/api/v1/services/{self._service}/levels")
        try:
            return WantedLevels.parse(answer.body)
        except ValueError:
            raise AggregatorUnavailableError(_NOT_OURS) from None

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

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> _Answer:
        try:
            # A redirect would hand the token to whoever it names.
            response = self._pool.request(
                method,
                self._url + path,
                body=body,
                headers={**self._headers, **headers},
                redirect=False,
                preload_content=False,
            )
            try:
                content = response.read(_ANSWER_MAX_BYTES)
            finally:
                response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise AggregatorUnavailableError(type(error).__name__) from error
        status = response.status
        if http.HTTPStatus(200) <= status < http.HTTPStatus(300):
            return _Answer(content, response.headers)
        if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise RequestTooLargeError(f"HTTP {status}")
        if status in _REFUSED:
            raise RequestRefusedError(f"HTTP {status}")
        retry_after_s = _retry_after_s(response.headers.get("Retry-After"))
        if status in _TOKEN_REFUSED:
            raise TokenRefusedError(f"{_TOKEN_REFUSED[status]} (HTTP {status})", retry_after_s)
        raise AggregatorUnavailableError(f"HTTP {status}", retry_after_s)


def _retry_after_s(header: str | None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, given as a number or as a date."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max((until.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)
