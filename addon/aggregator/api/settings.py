"""Settings routes."""

import asyncio

from aiohttp import web

from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.responses import json_response
from aggregator.state import STATE
from aggregator.tokens import Scope


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_get("/api/v1/settings", read)
    app.router.add_patch("/api/v1/settings", change)


async def read(request: web.Request) -> web.Response:
    """Answer with the settings."""
    require(request, Scope.READ)
    return json_response(request.app[STATE].settings.settings.to_json())


async def change(request: web.Request) -> web.Response:
    """Change some settings; answer with all of them."""
    require(request, Scope.ADMIN)
    state = request.app[STATE]
    changes = await json_body.read_object(request)
    settings = await asyncio.get_running_loop().run_in_executor(state.intake, state.settings.change, changes)
    # Another change may have come after this one.
    state.store.set_policy(state.settings.settings.policy)
    return json_response(settings.to_json())
