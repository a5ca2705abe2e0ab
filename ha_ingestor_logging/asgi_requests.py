"""A log line and metrics for each request to an ASGI application."""

import asyncio
import re
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final

from ha_ingestor_logging.asgi import (
    CONNECTIONS,
    REQUEST_CORRELATION,
    AsgiApp,
    Message,
    Receive,
    Scope,
    Send,
    StarletteApp,
    wrap_outermost,
)
from ha_ingestor_logging.correlation import correlation
from ha_ingestor_logging.served_request import CLIENT_CLOSED, SLOW_MS, SWITCHED, UNMATCHED, ServedRequest

_REFUSED: Final = 403


def add_request_log(app: StarletteApp, *, slow_ms: float = SLOW_MS) -> None:
    """Log and measure every request to a Starlette or FastAPI application, unhandled exceptions too.

    Args:
        app: the application; what is mounted in it needs no call of its own.
        slow_ms: from this duration on a request's line is a WARNING.

    Raises:
        RuntimeError: the application already serves.
    """
    wrap_outermost(app, partial(RequestLogMiddleware, slow_ms=slow_ms))


class RequestLogMiddleware:
    """Logs and measures every request: method, route, status, duration, sizes.

    The route is the template that Starlette or FastAPI found (``/items/{item_id}``), not the path.

    Args:
        app: the ASGI application.
        slow_ms: from this duration on a request's line is a WARNING.
    """

    def __init__(self, app: AsgiApp, *, slow_ms: float = SLOW_MS) -> None:
        self._app = app
        self._slow_ms = slow_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in CONNECTIONS:
            await self._app(scope, receive, send)
            return
        served = ServedRequest(scope.get("method", "WEBSOCKET"), self._slow_ms)
        mounted_at = scope.get("root_path", "")

        async def receive_counted() -> Message:
            message = await receive()
            served.received_bytes += _size(message)
            return message

        async def send_counted(message: Message) -> None:
            match message["type"]:
                case "http.response.start" | "websocket.http.response.start":
                    served.status = message["status"]
                case "websocket.accept":
                    served.status = SWITCHED
                case "websocket.close" if served.status != SWITCHED:
                    served.status = _REFUSED
            served.sent_bytes += _size(message)
            await send(message)

        try:
            await self._app(scope, receive_counted, send_counted)
        except asyncio.CancelledError:
            served.status = CLIENT_CLOSED
            raise
        finally:
            served.route = _route(scope, mounted_at)
            with _ids(scope):
                served.finish()


def _ids(scope: Scope) -> AbstractContextManager[Any]:
    # The middleware that took the IDs may be further in, and done with them.
    current = scope.get(REQUEST_CORRELATION)
    return nullcontext() if current is None else correlation(resume=current)


def _size(message: Message) -> int:
    return len(message.get("body") or message.get("bytes") or b"") or len(
        (message.get("text") or "").encode("utf-8", "replace")
    )


def _route(scope: Scope, mounted_at: str) -> str:
    """The template of the route that Starlette left in the scope, behind those of the mounts around it."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path is None:
        return UNMATCHED
    mounts = str(scope.get("root_path", "")).removeprefix(mounted_at)
    for name, value in scope.get("path_params", {}).items():
        mounts = re.sub(rf"(?<=/){re.escape(str(value))}(?=/|$)", f"{{{name}}}", mounts)
    # A mount's own path is among the mounts already.
    return mounts or "/" if hasattr(route, "routes") else f"{mounts}{path}"
