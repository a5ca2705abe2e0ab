"""Routes for the levels that are wanted of services."""

import asyncio
import time
from urllib.parse import unquote

from aiohttp import web

from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.responses import json_response
from aggregator.record.output import format_ns
from aggregator.service_levels import LevelChange, WantedLevels, check_service
from aggregator.state import STATE
from aggregator.tokens import Scope

_PATH = "/api/v1/services/{service}/levels"


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_get("/api/v1/levels", read_all)
    app.router.add_put(_PATH, replace)
    app.router.add_patch(_PATH, amend)
    app.router.add_delete(_PATH, withdraw)
    add_service_routes(app)


def add_service_routes(app: web.Application) -> None:
    """Add the route by which a service follows what is wanted of it."""
    app.router.add_get(_PATH, read)


def tell_version(request: web.Request, response: web.Response) -> None:
    """Tell a sender of lines which levels are wanted of it, if it says which service it is."""
    service = request.headers.get("X-Service")
    if service is not None:
        response.headers["X-Levels-Version"] = request.app[STATE].levels.of(unquote(service)).version


async def read_all(request: web.Request) -> web.Response:
    """Answer with the levels that are wanted of each service."""
    require(request, Scope.READ)
    wanted = request.app[STATE].levels.all()
    return json_response(
        {"services": [_to_json(service, levels) for service, levels in sorted(wanted.items())]}
    )


async def read(request: web.Request) -> web.Response:
    """Answer with the levels that are wanted of one service, also to the service itself."""
    require(request, Scope.INGEST, Scope.READ)
    service = check_service(request.match_info["service"])
    return json_response(_to_json(service, request.app[STATE].levels.of(service)))


async def replace(request: web.Request) -> web.Response:
    """Want these levels of a service and no others; answer with what is wanted now."""
    return await _change(request, keep_others=False)


async def amend(request: web.Request) -> web.Response:
    """Want these levels of a service besides others; answer with all that are wanted now."""
    return await _change(request, keep_others=True)


async def withdraw(request: web.Request) -> web.Response:
    """Want nothing of a service any more."""
    require(request, Scope.ADMIN)
    state = request.app[STATE]
    service = request.match_info["service"]
    await asyncio.get_running_loop().run_in_executor(state.intake, state.levels.withdraw, service)
    return web.Response(status=web.HTTPNoContent.status_code)


async def _change(request: web.Request, *, keep_others: bool) -> web.Response:
    require(request, Scope.ADMIN)
    state = request.app[STATE]
    service = request.match_info["service"]
    change = LevelChange.read(await json_body.read_object(request))
    make = state.levels.amend if keep_others else state.levels.replace
    wanted = await asyncio.get_running_loop().run_in_executor(state.intake, make, service, change)
    return json_response(_to_json(service, wanted))


def _to_json(service: str, wanted: WantedLevels) -> dict[str, object]:
    now_s = time.time()
    return {
        "service": service,
        "version": wanted.version,
        "levels": {
            logger: {
                "level": held.level,
                "until": None if held.until_s is None else format_ns(round(held.until_s * 1000) * 10**6),
                # A service may have another clock.
                "for_s": None if held.until_s is None else round(max(held.until_s - now_s, 0.0), 3),
            }
            for logger, held in wanted.by_logger.items()
        },
    }
