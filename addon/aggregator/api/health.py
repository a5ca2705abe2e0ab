"""Whether the aggregator can do its work."""

from aiohttp import web

from aggregator import __version__
from aggregator.api.responses import json_response
from aggregator.state import STATE


def add_routes(app: web.Application) -> None:
    """Add the route to an application."""
    app.router.add_get("/health", health)


async def health(request: web.Request) -> web.Response:
    """Answer 200, with the reason when its owner should look; 503 when lines can't be stored."""
    store = request.app[STATE].store
    if store.failure is not None:
        reason = {"status": "degraded", "version": __version__, "reason": store.failure.message}
        return json_response(reason, status=web.HTTPServiceUnavailable.status_code)
    alerts = store.alerts
    if alerts:
        return json_response({"status": "warning", "version": __version__, "reason": alerts[0].message})
    return json_response({"status": "ok", "version": __version__})
