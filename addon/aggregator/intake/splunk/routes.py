"""Routes of the event collector."""

import itertools
from collections.abc import Callable
from typing import Final

from aiohttp import hdrs, web

from aggregator.api.json_body import read_object
from aggregator.api.responses import json_response
from aggregator.errors import (
    AggregatorError,
    DiskFullError,
    ForbiddenError,
    InvalidBodyError,
    InvalidFieldError,
    OverloadedError,
    StoreFailedError,
    UnauthorizedError,
)
from aggregator.intake.access import require_ingest
from aggregator.intake.splunk import events, raw
from aggregator.intake.splunk.result import Code, Result
from aggregator.intake.taking import Dialect, take
from aggregator.state import STATE

_SOURCE: Final = "splunk"
_ROOT: Final = "/services/collector"
_LATER: Final = (OverloadedError, DiskFullError, StoreFailedError)
_CHANNEL: Final = "X-Splunk-Request-Channel"
_ACKNOWLEDGEMENTS: Final = itertools.count()


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    for path in ("", "/event", "/event/1.0"):
        app.router.add_post(_ROOT + path, take_events)
        # By this Docker's log driver finds out whether anybody is there.
        app.router.add_options(_ROOT + path, tell_health)
    for path in ("/raw", "/raw/1.0"):
        app.router.add_post(_ROOT + path, take_raw)
    for path in ("/health", "/health/1.0"):
        app.router.add_get(_ROOT + path, tell_health)
    app.router.add_post(f"{_ROOT}/ack", tell_acknowledged)


async def take_events(request: web.Request) -> web.Response:
    """Take events in JSON, whatever content type they have."""
    return await take(request, _dialect(request), events.decode)


async def take_raw(request: web.Request) -> web.Response:
    """Take lines of text."""
    query = request.query
    return await take(request, _dialect(request), lambda body: raw.decode(body, query))


async def tell_health(_request: web.Request) -> web.Response:
    """Answer that events are taken, as Splunk does to everybody."""
    return _response(Code.HEALTHY)


async def tell_acknowledged(request: web.Request) -> web.Response:
    """Answer which requests are safe: all that were answered, since their lines are on the disk."""
    try:
        require_ingest(request)
        numbers = (await read_object(request)).get("acks")
        if not isinstance(numbers, list) or not all(type(number) is int for number in numbers):
            raise InvalidFieldError("acks: a list of numbers", field="acks")
    except AggregatorError as error:
        request.app[STATE].self_metrics.request_refused(_SOURCE, error.code)
        return _refuse(request, error)
    return json_response({"acks": {str(number): True for number in numbers}})


def _dialect(request: web.Request) -> Dialect[Result]:
    return Dialect(_SOURCE, _answer(request), lambda error: _refuse(request, error))


def _answer(request: web.Request) -> Callable[[Result], web.Response]:
    has_channel = _CHANNEL in request.headers or "channel" in request.query

    def answer(result: Result) -> web.Response:
        if result.errors:
            first = result.errors[0]
            told = {
                "invalid-event-number": first.line - 1,
                "detail": f"{first.message}; events refused: {len(result.errors)}, stored: {result.rows}",
            }
            return _response(result.code, told)
        return _response(Code.SUCCESS, {"ackId": next(_ACKNOWLEDGEMENTS)} if has_channel else {})

    return answer


def _refuse(request: web.Request, error: AggregatorError) -> web.Response:
    match error:
        case UnauthorizedError() if hdrs.AUTHORIZATION not in request.headers:
            code = Code.TOKEN_REQUIRED
        case UnauthorizedError() | ForbiddenError():
            code = Code.INVALID_TOKEN
        case InvalidBodyError():
            code = Code.NO_DATA
        case _ if isinstance(error, _LATER):
            code = Code.BUSY
        case _:
            code = (
                Code.INVALID_FORMAT
                if error.status < web.HTTPInternalServerError.status_code
                else Code.INTERNAL
            )
            return _response(code, {"detail": error.message}, error.status)
    return _response(code, {"detail": error.message})


def _response(code: Code, more: dict[str, object] | None = None, status: int | None = None) -> web.Response:
    number, text, own_status = code.value
    return json_response({"text": text, "code": number, **(more or {})}, status=status or own_status)
