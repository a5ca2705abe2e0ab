"""A log line and metrics for each request to an aiohttp server."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ha_ingestor_logging.served_request import CLIENT_CLOSED, SLOW_MS, UNMATCHED, ServedRequest


def add_request_log(app: web.Application, *, slow_ms: float = SLOW_MS) -> None:
    """Log and measure every request: method, route, status, duration, sizes.

    Call it before other middlewares are added, so that their time counts too.

    Args:
        app: the application; subapplications need no call of their own.
        slow_ms: from this duration on a request's line is a WARNING.
    """
    app.middlewares.insert(0, request_log_middleware(slow_ms))


def request_log_middleware(slow_ms: float = SLOW_MS) -> Middleware:
    """Make a middleware that logs and measures every request.

    Args:
        slow_ms: from this duration on a request's line is a WARNING.
    """

    @web.middleware
    async def log_request(request: web.Request, handler: Handler) -> web.StreamResponse:
        served = ServedRequest(request.method, slow_ms)
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            _answered(served, refusal)
            raise
        except asyncio.CancelledError:
            served.status = CLIENT_CLOSED
            raise
        else:
            _answered(served, response)
            return response
        finally:
            resource = request.match_info.route.resource
            served.route = UNMATCHED if resource is None else resource.canonical
            served.received_bytes = request.content.total_bytes
            served.finish()

    return log_request


def _answered(served: ServedRequest, response: web.StreamResponse) -> None:
    served.status = response.status
    # Of a stream without a length aiohttp tells only what it sent in all.
    served.sent_bytes = response.content_length or response.body_length or 0
