"""Routes that take log lines."""

import asyncio
import re

from aiohttp import web

from aggregator import limits
from aggregator.api.auth import require
from aggregator.api.levels import tell_version
from aggregator.api.responses import json_response
from aggregator.errors import AggregatorError, InvalidFieldError
from aggregator.intake.body import read_body
from aggregator.intake.ndjson import decode
from aggregator.state import STATE
from aggregator.tokens import Scope

_SOURCE = re.compile(r"[a-z0-9_-]{1,32}")


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_post("/api/v1/logs", take_ndjson)


async def take_ndjson(request: web.Request) -> web.Response:
    """Take NDJSON; the answer comes when every line is on the disk."""
    require(request, Scope.INGEST)
    state = request.app[STATE]
    source = request.headers.get("X-Source", "http")
    if not _SOURCE.fullmatch(source):
        raise InvalidFieldError("X-Source: 1 to 32 of a-z 0-9 _ -", field="X-Source")
    body = await read_body(request, state.intake)
    decoded = await asyncio.get_running_loop().run_in_executor(state.intake, decode, body)
    if decoded.rows:
        try:
            await asyncio.wrap_future(state.store.append(decoded.lines, decoded.rows, source))
        except AggregatorError as error:
            state.self_metrics.refused(error.code, decoded.rows)
            raise
        state.self_metrics.lines_taken(source, decoded.rows, len(decoded.lines))
    answer: dict[str, object] = {
        "accepted": decoded.rows,
        "errors": [
            {"line": error.line, "message": error.message}
            for error in decoded.errors[: limits.REPORTED_LINE_ERRORS]
        ],
    }
    if decoded.errors:
        answer["errors_total"] = len(decoded.errors)
    response = json_response(answer)
    tell_version(request, response)
    return response
