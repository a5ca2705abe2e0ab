import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from ha_ingestor_logging import amend_correlation, current_correlation, get_logger
from ha_ingestor_logging.aiohttp_server import add_correlation
from tests.library.capturing import Capture

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {
    "traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01",
    "X-Correlation-ID": "c-1",
    "X-Request-ID": "r-1",
}

Client = TestClient[web.Request, web.Application]


async def show(_: web.Request) -> web.Response:
    current = current_correlation()
    assert current is not None
    get_logger("handler").info("handled")
    return web.json_response(current.fields())


async def refuse(_: web.Request) -> web.Response:
    raise web.HTTPConflict(text="refused")


async def crash(_: web.Request) -> web.Response:
    raise RuntimeError("unhandled")


async def log_in(_: web.Request) -> web.Response:
    amend_correlation(user="anna", operation="log in")
    get_logger("handler").info("logged in")
    return web.Response()


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"part")
    await response.write_eof()
    return response


async def talk(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close()
    return socket


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    add_correlation(app)
    app.router.add_get("/show", show)
    app.router.add_get("/refuse", refuse)
    app.router.add_get("/crash", crash)
    app.router.add_get("/log_in", log_in)
    app.router.add_get("/stream", stream)
    app.router.add_get("/talk", talk)
    inner = web.Application()
    inner.router.add_get("/show", show)
    app.add_subapp("/inner", inner)
    async with TestClient(TestServer(app)) as client:
        yield client


def assert_followed(response: ClientResponse) -> None:
    assert response.headers["X-Correlation-ID"] == "c-1"
    assert response.headers["X-Request-ID"] == "r-1"
    assert response.headers["traceparent"].startswith(f"00-{TRACE_ID}-")
    assert "b7ad6b7169203331" not in response.headers["traceparent"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/show", 200), ("/inner/show", 200), ("/refuse", 409), ("/stream", 200), ("/none", 404)],
)
async def test_responses_carry_the_requests_ids(client: Client, path: str, status: int) -> None:
    async with client.get(path, headers=HEADERS) as response:
        assert response.status == status
        assert_followed(response)


async def test_the_handler_works_under_the_requests_ids(client: Client) -> None:
    async with client.get("/show", headers=HEADERS) as response:
        shown = await response.json()
    assert shown["trace_id"] == TRACE_ID
    assert (shown["correlation_id"], shown["request_id"]) == ("c-1", "r-1")


async def test_a_request_without_ids_gets_new_ones(client: Client) -> None:
    correlation_ids = set()
    for _ in range(2):
        async with client.get("/show") as response:
            shown = await response.json()
            assert response.headers["X-Correlation-ID"] == shown["correlation_id"] == shown["trace_id"]
            assert "X-Request-ID" not in response.headers
            correlation_ids.add(shown["correlation_id"])
    assert len(correlation_ids) == 2


async def test_an_unhandled_exception_answers_and_logs_with_the_ids(client: Client, capture: Capture) -> None:
    async with client.get("/crash", headers=HEADERS) as response:
        assert response.status == 500
        assert_followed(response)
    errors = [record for record in capture() if record["level"] == "ERROR"]
    assert [(record["exception_type"], record["correlation_id"]) for record in errors] == [
        ("RuntimeError", "c-1")
    ]


async def test_the_access_log_carries_the_ids(client: Client, capture: Capture) -> None:
    async with client.get("/show", headers=HEADERS):
        pass
    records = capture()
    assert {record["logger"] for record in records} >= {"aiohttp.access", "handler"}
    assert {record["correlation_id"] for record in records} == {"c-1"}
    assert logging.getLogger("aiohttp.access").isEnabledFor(logging.INFO)


async def test_a_websockets_handshake_carries_the_ids(client: Client) -> None:
    async with client.ws_connect("/talk", headers=HEADERS) as socket:
        assert_followed(socket._response)


async def test_a_user_who_becomes_known_is_on_the_lines_from_there_on_and_in_no_header(
    client: Client, capture: Capture
) -> None:
    async with client.get("/log_in", headers=HEADERS) as response:
        assert "anna" not in str(response.headers)
    records = {record["logger"]: record for record in capture()}
    for logger in ("handler", "aiohttp.access"):
        assert (records[logger]["user"], records[logger]["operation"]) == ("anna", "log in")
    async with client.get("/show", headers=HEADERS) as response:
        assert "user" not in await response.json()


@pytest.mark.parametrize(
    "headers",
    [
        [("traceparent", HEADERS["traceparent"]), ("traceparent", HEADERS["traceparent"])],
        [("traceparent", f"00-{'0' * 32}-b7ad6b7169203331-01")],
        [("traceparent", "garbage"), ("tracestate", "vendor=1")],
    ],
)
async def test_bad_headers_restart_the_trace(client: Client, headers: list[tuple[str, str]]) -> None:
    async with client.get("/show", headers=headers) as response:
        shown = await response.json()
        assert shown["trace_id"] not in {TRACE_ID, "0" * 32}
        assert "tracestate" not in response.headers


async def test_several_tracestate_headers_are_one_list(client: Client) -> None:
    headers = [("traceparent", HEADERS["traceparent"]), ("tracestate", "a=1"), ("tracestate", "b=2")]
    async with client.get("/show", headers=headers) as response:
        assert response.headers["tracestate"] == "a=1,b=2"
