"""JSON answers, errors as JSON, and what happens to a request whose client goes away."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import structlog
from aiohttp import web

from aggregator.errors import AggregatorError

_log = structlog.get_logger(__name__)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


_ending_with_client: set[object] = set()


def ends_with_client[Decorated: Handler](handler: Decorated) -> Decorated:
    """Mark a handler that is cancelled when its client goes away, since nobody else has a use for it."""
    _ending_with_client.add(handler)
    return handler


@web.middleware
async def finish(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let all other handlers finish: what a client sent in full is taken, though it doesn't wait."""
    if request.match_info.handler in _ending_with_client:
        return await handler(request)
    return await asyncio.shield(asyncio.ensure_future(handler(request)))


def json_response(value: object, *, status: int = 200) -> web.Response:
    """Return a value as a JSON answer."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def problem(error: AggregatorError) -> dict[str, object]:
    """Return an error as the JSON object that clients get."""
    return {"error": {"code": error.code, "message": error.message, **error.details}}


def error_response(error: AggregatorError) -> web.Response:
    """Return an error as a JSON answer, without the error's headers."""
    return json_response(problem(error), status=error.status)


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error as JSON with the matching status."""
    try:
        return await handler(request)
    except AggregatorError as error:
        response = error_response(error)
        response.headers.update(error.headers)
        # What is left of a refused body is not worth reading.
        if not request.content.is_eof():
            response.force_close()
        return response
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        message = (
            f"no such route: {request.path}" if error.status == web.HTTPNotFound.status_code else error.reason
        )
        response = json_response(
            {"error": {"code": error.reason.lower().replace(" ", "_"), "message": message}},
            status=error.status,
        )
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:  # noqa: BLE001 - the last resort: logged in full, told to the client without details
        _log.exception("request failed", method=request.method, path=request.path)
        return json_response({"error": {"code": "internal", "message": "internal error"}}, status=500)
