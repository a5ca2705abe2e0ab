"""Whether the aggregator can do its work."""

from aiohttp import web

from aggregator import __version__
from aggregator.api.responses import json_response
from aggregator.state import STATE


def add_routes(app: web.Application) -> None:
    """Add the route to an application."""
    app.router.add_get("/health", health)


async def health(request: web.Request) -> web.Response:
    """Answer 200, or 503 with the reason when lines can't be stored."""
    failure = request.app[STATE].store.failure
    if failure is None:
        return json_response({"status": "ok", "version": __version__})
    reason = {"status": "degraded", "version": __version__, "reason": failure.message}
    return json_response(reason, status=web.HTTPServiceUnavailable.status_code)
