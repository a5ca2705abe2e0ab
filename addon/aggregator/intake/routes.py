"""Routes that take JSON: one object a line, or an array of them."""

import re

from aiohttp import web

from aggregator import limits
from aggregator.api.levels import tell_version
from aggregator.api.responses import json_response
from aggregator.errors import InvalidFieldError
from aggregator.intake import json_array, ndjson
from aggregator.intake.decoded import Decoded
from aggregator.intake.taking import Dialect, take

_SOURCE = re.compile(r"[a-z0-9_-]{1,32}")


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_post("/api/v1/logs", take_json)


async def take_json(request: web.Request) -> web.Response:
    """Take lines of JSON, or an array."""
    response = await take(request, _JSON, _decode, name_source=_source)
    if response.status == web.HTTPOk.status_code:
        tell_version(request, response)
    return response


def _decode(body: bytes) -> Decoded:
    return json_array.decode(body) or ndjson.decode(body)


def _source(request: web.Request) -> str:
    source = request.headers.get("X-Source", _JSON.source)
    if not _SOURCE.fullmatch(source):
        raise InvalidFieldError("X-Source: 1 to 32 of a-z 0-9 _ -", field="X-Source")
    return source


def _answer(decoded: Decoded) -> web.Response:
    answer: dict[str, object] = {
        "accepted": decoded.rows,
        "errors": [
            {"line": error.line, "message": error.message}
            for error in decoded.errors[: limits.REPORTED_LINE_ERRORS]
        ],
    }
    if decoded.errors:
        answer["errors_total"] = len(decoded.errors)
    return json_response(answer)


_JSON: Dialect[Decoded] = Dialect("http", _answer)
