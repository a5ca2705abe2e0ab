import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from fastapi import APIRouter, FastAPI
from fastapi import HTTPException as FastApiHttpException
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ha_ingestor_logging import amend_correlation, current_correlation, get_logger
from ha_ingestor_logging.asgi import (
    AsgiApp,
    CorrelationMiddleware,
    Message,
    Receive,
    Scope,
    Send,
    add_correlation,
)
from tests.library.asgi_server import serving
from tests.library.capturing import Capture

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {
    "traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01",
    "tracestate": "vendor=1",
    "X-Correlation-ID": "c-1",
    "X-Request-ID": "r-1",
}


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    # A connection of its own: the server closes it after an unhandled exception.
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, headers=headers, retries=False)


def assert_followed(response: urllib3.BaseHTTPResponse) -> None:
    assert response.headers["X-Correlation-ID"] == "c-1"
    assert response.headers["X-Request-ID"] == "r-1"
    assert response.headers["traceparent"].startswith(f"00-{TRACE_ID}-")
    assert "b7ad6b7169203331" not in response.headers["traceparent"]


async def show(_: Request) -> Response:
    get_logger("handler").info("handled")
    current = current_correlation()
    return JSONResponse(current.fields() if current else None)


def show_in_a_thread(_: Request) -> Response:
    current = current_correlation()
    return JSONResponse(current.fields() if current else None)


async def refuse(_: Request) -> Response:
    raise HTTPException(409, "refused")


async def crash(_: Request) -> Response:
    raise RuntimeError("unhandled")


async def stream(_: Request) -> Response:
    return StreamingResponse(iter(["a", "b"]))


async def late_crash(_: Request) -> Response:
    def body() -> Iterator[str]:
        yield "a"
        raise RuntimeError("too late")

    return StreamingResponse(body())


ROUTES = [
    Route("/show", show),
    Route("/thread", show_in_a_thread),
    Route("/refuse", refuse),
    Route("/crash", crash),
    Route("/stream", stream),
    Route("/late_crash", late_crash),
    Mount("/inner", routes=[Route("/show", show)]),
]


def starlette() -> AsgiApp:
    app = Starlette(routes=ROUTES)
    add_correlation(app)
    return app


def starlette_inside() -> AsgiApp:
    return CorrelationMiddleware(Starlette(routes=ROUTES))


def fastapi() -> AsgiApp:
    app = FastAPI()
    router = APIRouter()

    @router.get("/show")
    async def show_fields() -> dict[str, str] | None:
        get_logger("handler").info("handled")
        current = current_correlation()
        return current.fields() if current else None

    @router.get("/thread")
    def show_fields_in_a_thread() -> dict[str, str] | None:
        current = current_correlation()
        return current.fields() if current else None

    @router.get("/refuse")
    async def refuse_it() -> None:
        raise FastApiHttpException(409)

    @router.get("/crash")
    async def crash_it() -> None:
        raise RuntimeError("unhandled")

    app.include_router(router)
    app.include_router(router, prefix="/inner")
    app.add_route("/stream", stream)
    add_correlation(app)
    return app


@pytest.fixture(scope="module", params=[starlette, starlette_inside, fastapi])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    make: Callable[[], AsgiApp] = request.param
    with serving(make()) as url:
        yield url


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/show", 200),
        ("/thread", 200),
        ("/inner/show", 200),
        ("/refuse", 409),
        ("/stream", 200),
        ("/none", 404),
        ("/crash", 500),
    ],
)
def test_responses_carry_the_requests_ids(url: str, path: str, status: int) -> None:
    response = get(url + path, **HEADERS)
    assert response.status == status
    assert_followed(response)


@pytest.mark.parametrize("path", ["/show", "/thread", "/inner/show"])
def test_the_handler_works_under_the_requests_ids(url: str, path: str) -> None:
    shown = get(url + path, **HEADERS).json()
    assert (shown["trace_id"], shown["correlation_id"], shown["request_id"]) == (TRACE_ID, "c-1", "r-1")


def test_a_request_without_ids_gets_new_ones(url: str) -> None:
    responses = [get(f"{url}/show") for _ in range(2)]
    for response in responses:
        shown = response.json()
        assert response.headers["X-Correlation-ID"] == shown["correlation_id"] == shown["trace_id"]
        assert "X-Request-ID" not in response.headers
    assert responses[0].headers["X-Correlation-ID"] != responses[1].headers["X-Correlation-ID"]


def test_bad_headers_restart_the_trace(url: str) -> None:
    bad = {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01", "X-Correlation-ID": "x" * 200}
    response = get(f"{url}/show", **bad)
    shown = response.json()
    assert shown["trace_id"] != "0" * 32
    assert shown["correlation_id"] == shown["trace_id"] == response.headers["X-Correlation-ID"]


def test_the_servers_line_of_an_unhandled_exception_carries_the_ids(url: str, capture: Capture) -> None:
    get(f"{url}/crash", **HEADERS)
    # The server logs it after the response.
    deadline = time.monotonic() + 30
    while not (errors := [record for record in capture() if record["level"] == "ERROR"]):
        assert time.monotonic() < deadline
    assert [(record["exception_type"], record["correlation_id"]) for record in errors] == [
        ("RuntimeError", "c-1")
    ]


def test_the_access_log_carries_the_ids(url: str, capture: Capture) -> None:
    get(f"{url}/show", **HEADERS)
    records = capture()
    assert {record["logger"] for record in records} >= {"uvicorn.access", "handler"}
    assert {record["correlation_id"] for record in records} == {"c-1"}


def test_the_applications_own_handler_of_unhandled_exceptions_has_the_ids(capture: Capture) -> None:
    async def on_crash(_: Request, error: Exception) -> Response:
        get_logger("on_crash").error("sorry", exc_info=error)
        return PlainTextResponse("sorry", 500)

    for add in (add_correlation, lambda app: app.add_middleware(CorrelationMiddleware)):
        app = Starlette(routes=ROUTES, exception_handlers={Exception: on_crash})
        add(app)
        with serving(app) as url:
            response = get(f"{url}/crash", **HEADERS)
            assert response.data == b"sorry"
            if add is add_correlation:
                assert_followed(response)
    lines = [record for record in capture() if record["logger"] == "on_crash"]
    assert [record["correlation_id"] for record in lines] == ["c-1", "c-1"]


def test_behind_starlettes_own_base_middleware_the_ids_are_there_too(capture: Capture) -> None:
    class Base(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            get_logger("before").info("line")
            response = await call_next(request)
            get_logger("after").info("line")
            return response

    app = Starlette(routes=ROUTES, middleware=[Middleware(Base)])
    add_correlation(app)
    with serving(app) as url:
        assert_followed(get(f"{url}/show", **HEADERS))
    lines = [record for record in capture() if record["message"] == "line"]
    assert [(record["logger"], record["correlation_id"]) for record in lines] == [
        ("before", "c-1"),
        ("after", "c-1"),
    ]


async def bare(_: Scope, __: Receive, ___: Send) -> None:
    raise RuntimeError("unhandled")


def test_a_bare_application_that_raises_is_answered_with_the_ids() -> None:
    with serving(CorrelationMiddleware(bare)) as url:
        response = get(url, **HEADERS)
    assert (response.status, response.data) == (500, b"Internal Server Error")
    assert_followed(response)


async def call(app: AsgiApp, scope: Scope) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"} if scope["type"] == "websocket" else {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def scope(kind: str, path: str, **headers: str) -> Scope:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "path": path, "method": "GET", "query_string": b"", "headers": raw}


async def test_a_websockets_handshake_carries_the_ids() -> None:
    async def talk(socket: WebSocket) -> None:
        await socket.accept(headers=[(b"X-Correlation-ID", b"overwritten")])
        await socket.close()

    app = CorrelationMiddleware(Starlette(routes=[WebSocketRoute("/talk", talk)]))
    accepted, *_ = await call(app, scope("websocket", "/talk", **HEADERS))
    assert accepted["type"] == "websocket.accept"
    correlation_ids = [value for name, value in accepted["headers"] if name.lower() == b"x-correlation-id"]
    assert correlation_ids == [b"c-1"]


async def test_a_connection_without_headers_is_served(capture: Capture) -> None:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        get_logger().info("served")
        await send({"type": "http.response.start", "status": 200})

    (start,) = await call(CorrelationMiddleware(app), {"type": "http", "path": "/"})
    (record,) = capture()
    assert (b"x-correlation-id", record["correlation_id"].encode()) in start["headers"]


async def test_a_caller_in_the_same_task_keeps_its_own_ids() -> None:
    await call(starlette_inside(), scope("http", "/show", **HEADERS))
    assert current_correlation() is None


async def test_what_is_no_connection_passes_through() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append((scope["type"], current_correlation()))

    await call(CorrelationMiddleware(app), {"type": "lifespan"})
    assert seen == [("lifespan", None)]


async def test_an_application_that_serves_already_takes_no_middleware_any_more() -> None:
    app = Starlette(routes=ROUTES)
    await call(app, scope("http", "/show"))
    with pytest.raises(RuntimeError, match="once the application serves"):
        add_correlation(app)


async def test_the_user_becomes_known_within_the_request(capture: Capture) -> None:
    async def log_in(_: Request) -> Response:
        amend_correlation(user="anna")
        get_logger().info("logged in")
        return PlainTextResponse("")

    await call(CorrelationMiddleware(Starlette(routes=[Route("/", log_in)])), scope("http", "/", **HEADERS))
    (record,) = capture()
    assert (record["user"], record["correlation_id"]) == ("anna", "c-1")
