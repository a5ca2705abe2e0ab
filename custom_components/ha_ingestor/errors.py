"""What can go wrong with an aggregator, and how its answers and the network's failures become that."""

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping


class AggregatorError(Exception):
    """Base of everything that the client raises."""


class AggregatorConnectionError(AggregatorError):
    """The aggregator can't be reached, or the connection to it broke."""


class AggregatorResponseError(AggregatorError):
    """What answered doesn't speak the aggregator's API."""


class AggregatorApiError(AggregatorError):
    """The aggregator refused a request.

    Args:
        code: the API's error code, such as `query_syntax`.
        message: the API's sentence for people.
        details: further keys of the error as text, such as `{"column": "7"}`.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = dict(details or {})


class AggregatorAuthenticationError(AggregatorApiError):
    """The aggregator doesn't accept the token."""


class AggregatorScopeError(AggregatorAuthenticationError):
    """The token is accepted but its scope doesn't allow the request."""


@asynccontextmanager
async def connection_errors(timeout_s: float) -> AsyncGenerator[None]:
    """Raise what fails on the network, or takes more than `timeout_s`, as `AggregatorConnectionError`."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as err:
        raise AggregatorConnectionError(f"no answer within {timeout_s:.0f} s") from err
    except ClientError as err:
        raise AggregatorConnectionError(str(err)) from err


def status_error(status: int) -> AggregatorError:
    """Make the error of an answer with nothing but a status: a proxy's, or that of a failed handshake."""
    if status == HTTPStatus.UNAUTHORIZED:
        return AggregatorAuthenticationError("unauthorized", "the token isn't accepted")
    if status == HTTPStatus.FORBIDDEN:
        return AggregatorScopeError("forbidden", "the token's scope doesn't allow this")
    return AggregatorResponseError(f"HTTP status {status}")


def api_error(content: Mapping[str, Any]) -> AggregatorApiError:
    """Make the error that the aggregator describes in its `error` object.

    Raises:
        AggregatorResponseError: there is no such object.
    """
    error = content.get("error")
    if not isinstance(error, dict) or not {"code", "message"} <= error.keys():
        raise AggregatorResponseError("an error without code and message")
    kinds = {"unauthorized": AggregatorAuthenticationError, "forbidden": AggregatorScopeError}
    code = str(error["code"])
    details = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in error.items()
        if key not in {"code", "message"} and value is not None
    }
    return kinds.get(code, AggregatorApiError)(code, str(error["message"]), details)
