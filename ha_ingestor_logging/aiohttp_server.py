"""Correlation for aiohttp servers."""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from ha_ingestor_logging.correlation import CURRENT, Correlation, correlation_from_headers

REQUEST_CORRELATION: Final = web.RequestKey("ha_ingestor_correlation", Correlation)


def add_correlation(app: web.Application) -> None:
    """Let every request work under the IDs of its headers, and every response carry them.

    Call it before other middlewares are added, so that their lines carry the IDs too. Responses to
    errors, to unhandled exceptions and to WebSocket handshakes carry the headers as well.

    Args:
        app: the application; subapplications need no call of their own.
    """
    app.middlewares.insert(0, correlation_middleware)
    app.on_response_prepare.append(add_correlation_headers)


@web.middleware
async def correlation_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take the request's IDs from its headers, or make new ones."""
    correlation = correlation_from_headers(request.headers)
    request[REQUEST_CORRELATION] = correlation
    # Not reset at the end: aiohttp runs each request in a task of its own and logs errors and
    # accesses there after the last middleware; these lines need the IDs most.
    CURRENT.set(correlation)
    return await handler(request)


async def add_correlation_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Give a response the IDs that its request works under."""
    correlation = request.get(REQUEST_CORRELATION)
    if correlation is not None:
        for name, value in correlation.headers().items():
            response.headers[name] = value
