"""Requests to one server over one kept connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import urllib3

from ha_ingestor_logging.errors import ReceiverUnavailableError

_CONNECT_TIMEOUT_S: Final = 3.0
# Enough for a hundred named errors; a longer answer is not worth reading.
_ANSWER_MAX_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered.

    Args:
        status: the HTTP status.
        headers: the headers, whose names are found in any case.
        body: the body, up to 256 KiB.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after_s(self) -> float | None:
        """Seconds that a ``Retry-After`` header asks for, given as a number or as a date."""
        header = self.headers.get("Retry-After")
        if header is None:
            return None
        if header.strip().isdecimal():
            return float(header)
        try:
            until = parsedate_to_datetime(header)
        except ValueError:
            return None
        return max((until.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)


class HttpConnection:
    """Sends requests to one server; for use by one thread.

    Args:
        headers: what every request carries.
        timeout_s: when a request is given up.
    """

    def __init__(self, headers: Mapping[str, str], timeout_s: float) -> None:
        self._headers = {"User-Agent": "ha-ingestor-logging", **headers}
        self._timeout_s = timeout_s
        self.begin()

    def begin(self) -> None:
        """Begin anew with a connection of its own; an earlier one stays with the parent of a fork."""
        self._pool = urllib3.PoolManager(
            num_pools=1,
            timeout=urllib3.Timeout(connect=min(_CONNECT_TIMEOUT_S, self._timeout_s), read=self._timeout_s),
            # Given whole, as urllib3 would log about making one.
            retries=urllib3.Retry(total=False, redirect=False),
        )

    def request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Send a request and wait for its answer, whatever its status.

        Args:
            method: the HTTP method.
            url: the whole address.
            body: what is sent.
            headers: further headers.

        Raises:
            ReceiverUnavailableError: there is no answer.
        """
        try:
            # A redirect would hand the token to whoever it names.
            response = self._pool.request(
                method,
                url,
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
            raise ReceiverUnavailableError(type(error).__name__) from error
        return Answer(response.status, response.headers, content)

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()
