"""Snapshot routes."""

import asyncio

from aiohttp import web

from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.responses import json_response
from aggregator.record.output import format_ns
from aggregator.state import STATE
from aggregator.store.keep.snapshot import Snapshot
from aggregator.tokens import Scope


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_get("/api/v1/snapshots", read)
    app.router.add_post("/api/v1/snapshots", take)
    app.router.add_delete("/api/v1/snapshots/{name}", delete)


async def read(request: web.Request) -> web.Response:
    """Answer with all snapshots."""
    require(request, Scope.READ)
    state = request.app[STATE]
    found = await asyncio.get_running_loop().run_in_executor(state.searches, state.store.snapshots.taken)
    return json_response({"snapshots": [_to_json(snapshot) for snapshot in found]})


async def take(request: web.Request) -> web.Response:
    """Take a snapshot; answer with what it holds when it is on the disk."""
    require(request, Scope.ADMIN)
    state = request.app[STATE]
    fields = await json_body.read_object(request)
    json_body.known_only(fields, frozenset({"name"}))
    name = json_body.text(fields, "name") or None
    taken = await asyncio.get_running_loop().run_in_executor(state.searches, state.store.snapshots.take, name)
    return json_response(_to_json(taken), status=web.HTTPCreated.status_code)


async def delete(request: web.Request) -> web.Response:
    """Delete a snapshot."""
    require(request, Scope.ADMIN)
    state = request.app[STATE]
    name = request.match_info["name"]
    await asyncio.get_running_loop().run_in_executor(state.searches, state.store.snapshots.delete, name)
    return web.Response(status=web.HTTPNoContent.status_code)


def _to_json(snapshot: Snapshot) -> dict[str, object]:
    return {
        "name": snapshot.name,
        "time": format_ns(snapshot.time_ns),
        "last_id": str(snapshot.last_seq),
        "segments": snapshot.segments,
        "size_bytes": snapshot.size_bytes,
    }
