"""Correlation for ASGI applications: Starlette, FastAPI and any other. Needs none of them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol, TypeAlias

from ha_ingestor_logging.correlation import CURRENT, Correlation, correlation_from_headers

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_CORRELATION: Final = "ha_ingestor_correlation"
"""Where a request's scope holds its IDs."""

CONNECTIONS: Final = frozenset({"http", "websocket"})

# Messages that carry headers to the client.
_WITH_HEADERS: Final = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})
_ERROR_BODY: Final = b"Internal Server Error"


class StarletteApp(Protocol):
    """What Starlette's and FastAPI's applications have."""

    middleware_stack: AsgiApp | None

    def build_middleware_stack(self) -> AsgiApp:
        """Put the middlewares around the routes, when the first request comes."""


def add_correlation(app: StarletteApp) -> None:
    """Let every request of a Starlette or FastAPI application work under the IDs of its headers.

    Other than with ``app.add_middleware``, answers to unhandled exceptions carry the IDs too: Starlette
    makes these outside of all added middlewares. Call it before the application's first request.

    Args:
        app: the application; what is mounted in it needs no call of its own.

    Raises:
        RuntimeError: the application already serves.
    """
    wrap_outermost(app, CorrelationMiddleware)


def wrap_outermost(app: StarletteApp, middleware: Callable[[AsgiApp], AsgiApp]) -> None:
    """Put a middleware around everything that an application will consist of, its error handling too.

    Raises:
        RuntimeError: the application already serves.
    """
    if app.middleware_stack is not None:
        raise RuntimeError("a middleware can't be added once the application serves")
    build = app.build_middleware_stack
    # On the instance, in place of the class's method.
    app.build_middleware_stack = lambda: middleware(build())  # type: ignore[method-assign]


class CorrelationMiddleware:
    """Takes a request's IDs from its headers, or makes new ones, and lets every response carry them.

    As the outermost application it also answers, with status 500 and the IDs, when the application
    raises without having answered; the exception goes on to the server.

    Args:
        app: the ASGI application.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in CONNECTIONS:
            await self._app(scope, receive, send)
            return
        # Starlette sets it before its error handling, which then answers, around an added middleware.
        is_outermost = "app" not in scope
        current = correlation_from_headers(scope.get("headers"))
        scope[REQUEST_CORRELATION] = current
        answer = _Answer(send, current)
        token = CURRENT.set(current)
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            # The IDs stay: whoever logs this exception does so in the same task, further out.
            if is_outermost and scope["type"] == "http" and not answer.has_begun:
                await answer.send_error()
            raise
        CURRENT.reset(token)


class _Answer:
    def __init__(self, send: Send, current: Correlation) -> None:
        self._send = send
        self._headers = current.headers()
        self.has_begun = False

    async def send(self, message: Message) -> None:
        if message["type"] in _WITH_HEADERS:
            self.has_begun = True
            ours = [(name.lower().encode(), value.encode()) for name, value in self._headers.items()]
            names = {name for name, _ in ours}
            theirs = [
                (name, value) for name, value in message.get("headers", ()) if name.lower() not in names
            ]
            message = {**message, "headers": [*theirs, *ours]}
        await self._send(message)

    async def send_error(self) -> None:
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(_ERROR_BODY)).encode()),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": _ERROR_BODY})
