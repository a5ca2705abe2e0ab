"""Routes of the intake."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from aggregator.api.responses import json_response
from aggregator.errors import AggregatorError, DiskFullError
from aggregator.intake.access import require_ingest
from aggregator.intake.datadog import logs
from aggregator.intake.decoded import Decoded
from aggregator.intake.taking import Dialect, take
from aggregator.state import STATE

_SOURCE: Final = "datadog"
_TEXTS: Final = ("text/plain", "application/logplex-1")


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_post("/api/v2/logs", take_logs)
    app.router.add_post("/v1/input", take_logs_as_before)
    app.router.add_get("/api/v1/validate", validate)


async def take_logs(request: web.Request) -> web.Response:
    """Take logs."""
    return await _take(request, HTTPStatus.ACCEPTED)


async def take_logs_as_before(request: web.Request) -> web.Response:
    """Take logs by the first version of the route, which answers otherwise."""
    return await _take(request, HTTPStatus.OK)


async def validate(request: web.Request) -> web.Response:
    """Tell whether a token may send."""
    try:
        require_ingest(request)
    except AggregatorError as error:
        request.app[STATE].self_metrics.request_refused(_SOURCE, error.code)
        return json_response({"errors": ["Forbidden"]}, status=HTTPStatus.FORBIDDEN)
    return json_response({"valid": True})


async def _take(request: web.Request, status: HTTPStatus) -> web.Response:
    query = request.query
    is_text = request.content_type in _TEXTS

    def answer(decoded: Decoded) -> web.Response:
        if not decoded.errors:
            return json_response({}, status=status)
        return _errors(HTTPStatus.BAD_REQUEST, decoded.refusals("logs", "log"))

    dialect = Dialect[Decoded](_SOURCE, answer, _refuse)
    return await take(request, dialect, lambda body: logs.decode(body, query, is_text=is_text))


def _refuse(error: AggregatorError) -> web.Response:
    # 507 is not among the statuses after which senders come again.
    is_later = isinstance(error, DiskFullError)
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_later else HTTPStatus(error.status)
    return _errors(status, [error.message])


def _errors(status: HTTPStatus, details: list[str]) -> web.Response:
    errors = [{"status": str(status.value), "title": status.phrase, "detail": detail} for detail in details]
    return json_response({"errors": errors}, status=status)
