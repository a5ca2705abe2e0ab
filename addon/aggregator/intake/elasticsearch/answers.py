"""Answers that clients take for Elasticsearch's."""

from http import HTTPStatus

import orjson
from aiohttp import hdrs, web

from aggregator.errors import (
    AggregatorError,
    DiskFullError,
    OverloadedError,
    StoreFailedError,
    UnauthorizedError,
)

VERSION = "8.19.0"
"""What we say that we are: the last minor version of 8, which clients of 7, 8 and 9 accept."""

_COMPATIBLE = "application/vnd.elasticsearch+json"

_TYPES: dict[type[AggregatorError], str] = {
    OverloadedError: "es_rejected_execution_exception",
    DiskFullError: "cluster_block_exception",
    StoreFailedError: "unavailable_shards_exception",
    UnauthorizedError: "security_exception",
}
_LATER = (OverloadedError, DiskFullError)
"""What clients of Elasticsearch know as 429: send the same again later."""


def json_answer(request: web.Request, body: bytes, status: int = HTTPStatus.OK) -> web.Response:
    """Return a JSON answer of JSON."""
    return web.Response(
        body=body,
        status=status,
        headers={hdrs.CONTENT_TYPE: _content_type(request), "X-Elastic-Product": "Elasticsearch"},
    )


def refuse(request: web.Request, error: AggregatorError) -> web.Response:
    """Return an error."""
    status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, _LATER) else HTTPStatus(error.status)
    cause = {"type": _TYPES.get(type(error), "illegal_argument_exception"), "reason": error.message}
    body = orjson.dumps({"error": {"root_cause": [cause], **cause}, "status": status})
    return json_answer(request, body, status)


def _content_type(request: web.Request) -> str:
    """The type that a client asked for: one that names a version takes no other."""
    for name in (hdrs.ACCEPT, hdrs.CONTENT_TYPE):
        wanted = request.headers.get(name, "")
        if "compatible-with=" in wanted:
            version = wanted.partition("compatible-with=")[2][:1]
            return f"{_COMPATIBLE};compatible-with={version if version.isdecimal() else VERSION[0]}"
    return "application/json"
