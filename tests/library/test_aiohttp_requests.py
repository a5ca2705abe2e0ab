import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY

from ha_ingestor_logging.aiohttp_requests import add_request_log
from ha_ingestor_logging.aiohttp_server import add_correlation
from tests.library.capturing import Capture

Client = TestClient[web.Request, web.Application]


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read() + b"!")


async def refuse(_: web.Request) -> web.Response:
    raise web.HTTPConflict(text="refused")


async def crash(_: web.Request) -> web.Response:
    raise RuntimeError("unhandled")


async def nap(_: web.Request) -> web.Response:
    await asyncio.sleep(0.25)
    return web.Response()


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"abcd")
    await response.write_eof()
    return response


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    add_correlation(app)
    add_request_log(app, slow_ms=200)
    app.router.add_post("/items/{item}", echo)
    for handler in (refuse, crash, nap, stream):
        app.router.add_get(f"/{handler.__name__}", handler)
    inner = web.Application()
    inner.router.add_get("/lamps/{lamp}", echo)
    app.add_subapp("/inner", inner)
    async with TestClient(TestServer(app)) as client:
        yield client


def observed(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("ha_ingestor_request_duration_seconds_count", labels) or 0.0


def only_request(records: list[dict[str, Any]]) -> dict[str, Any]:
    (line,) = [record for record in records if record["logger"] == "ha_ingestor_logging.requests"]
    return line


async def test_each_request_is_logged_and_observed(client: Client, capture: Capture) -> None:
    before = observed("POST", "/items/{item}", 200)
    async with client.post("/items/5", data=b"four", headers={"X-Correlation-ID": "c-1"}) as response:
        assert await response.read() == b"four!"
    line = only_request(capture())
    assert (line["method"], line["route"], line["status"]) == ("POST", "/items/{item}", 200)
    assert (line["received_bytes"], line["sent_bytes"]) == (4, 5)
    assert (line["level"], line["correlation_id"]) == ("INFO", "c-1")
    assert line["duration_ms"] > 0
    assert observed("POST", "/items/{item}", 200) == before + 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/refuse", ("/refuse", 409, 7, "INFO")),
        ("/crash", ("/crash", 500, 0, "ERROR")),
        ("/nap", ("/nap", 200, 0, "WARNING")),
        ("/inner/lamps/7", ("/inner/lamps/{lamp}", 200, 1, "INFO")),
    ],
)
async def test_routes_statuses_and_sizes(
    client: Client, capture: Capture, path: str, expected: tuple[str, int, int, str]
) -> None:
    async with client.get(path) as response:
        assert response.status == expected[1]
    line = only_request(capture())
    assert (line["route"], line["status"], line["sent_bytes"], line["level"]) == expected


async def test_a_stream_counts_all_that_was_sent(client: Client, capture: Capture) -> None:
    async with client.get("/stream") as response:
        assert await response.read() == b"abcd"
    assert 4 < only_request(capture())["sent_bytes"] < 1000


@pytest.mark.parametrize("path", ["/none", "/inner/none"])
async def test_a_path_that_no_route_has_is_not_a_label(client: Client, capture: Capture, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 404
    line = only_request(capture())
    assert (line["route"], line["status"]) == ("unmatched", 404)
