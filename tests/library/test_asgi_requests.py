import asyncio
import time
from typing import Any

import pytest
import urllib3
from fastapi import APIRouter, FastAPI
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ha_ingestor_logging.asgi import AsgiApp, Message, Receive, Scope, Send, add_correlation
from ha_ingestor_logging.asgi_requests import RequestLogMiddleware, add_request_log
from tests.library.asgi_server import serving
from tests.library.capturing import Capture

REQUESTS = "ha_ingestor_logging.requests"


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body() + b"!")


async def nap(_: Request) -> Response:
    await asyncio.sleep(0.05)
    return PlainTextResponse("")


async def crash(_: Request) -> Response:
    raise RuntimeError("unhandled")


async def stream(_: Request) -> Response:
    return StreamingResponse(iter([b"ab", b"cd"]))


def starlette() -> Starlette:
    return Starlette(
        routes=[
            Route("/items/{item}", echo, methods=["GET", "POST"]),
            Route("/nap", nap),
            Route("/crash", crash),
            Route("/stream", stream),
            Mount("/rooms/{room}", routes=[Route("/lamps/{lamp:int}", echo)]),
        ]
    )


def fastapi() -> FastAPI:
    app = FastAPI()
    rooms = APIRouter(prefix="/rooms/{room}")

    @rooms.get("/lamps/{lamp}")
    async def lamp(room: str, lamp: int) -> str:
        return f"{room}{lamp}"

    @app.get("/items/{item}")
    async def item(item: str) -> str:
        return item

    app.include_router(rooms)
    return app


def observed(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("ha_ingestor_request_duration_seconds_count", labels) or 0.0


def request(url: str, method: str = "GET", **options: Any) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as pool:
        return pool.request(method, url, retries=False, **options)


def wait_for_lines(capture: Capture, count: int) -> list[dict[str, Any]]:
    """A line is logged after its response has been sent."""
    deadline = time.monotonic() + 30
    while len(lines := [record for record in capture() if record["logger"] == REQUESTS]) < count:
        assert time.monotonic() < deadline, lines
    return lines


def test_each_request_is_logged_and_observed_with_its_routes_template(capture: Capture) -> None:
    app = starlette()
    add_request_log(app)
    before = observed("POST", "/items/{item}", 200)
    with serving(app) as url:
        request(f"{url}/items/secret-{time.time_ns()}", "POST", body=b"four")
        (line,) = wait_for_lines(capture, 1)
    assert (line["method"], line["route"], line["status"]) == ("POST", "/items/{item}", 200)
    assert (line["received_bytes"], line["sent_bytes"]) == (4, 5)
    assert line["duration_ms"] > 0
    assert line["level"] == "INFO"
    assert line["message"] == "POST /items/{item} answered with 200"
    assert observed("POST", "/items/{item}", 200) == before + 1


@pytest.mark.parametrize(
    ("path", "route", "status", "level"),
    [
        ("/rooms/kitchen/lamps/4", "/rooms/{room}/lamps/{lamp:int}", 200, "INFO"),
        ("/rooms/kitchen/none", "/rooms/{room}", 404, "INFO"),
        ("/none/whatever", "unmatched", 404, "INFO"),
        ("/crash", "/crash", 500, "ERROR"),
        ("/stream", "/stream", 200, "INFO"),
    ],
)
def test_routes_and_statuses_of_starlette(
    capture: Capture, path: str, route: str, status: int, level: str
) -> None:
    app = starlette()
    add_request_log(app)
    with serving(app) as url:
        request(url + path)
        (line,) = wait_for_lines(capture, 1)
    assert (line["route"], line["status"], line["level"]) == (route, status, level)
    if path == "/stream":
        assert line["sent_bytes"] == 4


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/rooms/kitchen/lamps/4", "/rooms/{room}/lamps/{lamp}"),
        ("/items/x", "/items/{item}"),
        ("/none", "unmatched"),
    ],
)
def test_routes_of_fastapi(capture: Capture, path: str, route: str) -> None:
    app = fastapi()
    add_request_log(app)
    with serving(app) as url:
        request(url + path)
        (line,) = wait_for_lines(capture, 1)
    assert line["route"] == route


@pytest.mark.parametrize("order", [(add_request_log, add_correlation), (add_correlation, add_request_log)])
def test_the_line_carries_the_ids_whichever_was_added_first(capture: Capture, order: tuple[Any, Any]) -> None:
    app = starlette()
    for add in order:
        add(app)
    with serving(app) as url:
        for path in ("/items/1", "/crash"):
            request(url + path, headers={"X-Correlation-ID": "c-1"})
        lines = wait_for_lines(capture, 2)
    assert [line["correlation_id"] for line in lines] == ["c-1", "c-1"]


def test_a_slow_request_is_warned_of(capture: Capture) -> None:
    app = starlette()
    add_request_log(app, slow_ms=20)
    with serving(app) as url:
        request(f"{url}/nap")
        (line,) = wait_for_lines(capture, 1)
    assert line["level"] == "WARNING"


def test_words_that_are_no_methods_make_no_series(capture: Capture) -> None:
    app = starlette()
    add_request_log(app)
    with serving(app) as url:
        request(f"{url}/items/1", "BREW")
        (line,) = wait_for_lines(capture, 1)
    assert (line["method"], line["status"]) == ("other", 405)
    assert observed("BREW", "/items/{item}", 405) == 0


async def connect(app: AsgiApp, path: str, *received: Message) -> list[Message]:
    waiting = [{"type": "websocket.connect"}, *received, {"type": "websocket.disconnect", "code": 1000}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)
    return sent


async def test_a_websocket_is_logged_at_its_end(capture: Capture) -> None:
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text() + "é")
        await socket.close()

    app = RequestLogMiddleware(Starlette(routes=[WebSocketRoute("/talk/{who}", talk)]), slow_ms=0)
    await connect(app, "/talk/anna", {"type": "websocket.receive", "text": "hi"})
    await connect(app, "/none")
    talked, refused = capture()
    assert (talked["method"], talked["route"], talked["status"]) == ("WEBSOCKET", "/talk/{who}", 101)
    assert (talked["received_bytes"], talked["sent_bytes"], talked["level"]) == (2, 4, "INFO")
    assert (refused["route"], refused["status"]) == ("unmatched", 403)


async def test_a_client_that_leaves_is_seen(capture: Capture) -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        await asyncio.sleep(100)

    async def nothing() -> Message:
        return {}

    async def forget(_: Message) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    task = asyncio.create_task(RequestLogMiddleware(app)(scope, nothing, forget))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (line,) = capture()
    assert line["status"] == 499
