from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from ha_ingestor_logging import correlation, correlation_from_headers
from ha_ingestor_logging.aiohttp_client import correlation_client_middleware
from ha_ingestor_logging.aiohttp_server import add_correlation


async def echo(request: web.Request) -> web.Response:
    return web.json_response(dict(request.headers))


async def relay(request: web.Request) -> web.Response:
    """What a service between two others does."""
    async with (
        ClientSession(middlewares=[correlation_client_middleware]) as session,
        session.get(request.url.with_path("/echo")) as response,
    ):
        return web.json_response(await response.json())


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    add_correlation(app)
    app.router.add_get("/echo", echo)
    app.router.add_get("/relay", relay)
    server = TestServer(app)
    async with server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(middlewares=[correlation_client_middleware]) as session:
        yield session


async def test_the_current_ids_are_sent(server: TestServer, session: ClientSession) -> None:
    with correlation("c-1", request_id="r-1") as current:
        async with session.get(server.make_url("/echo")) as response:
            sent = await response.json()
    assert sent.items() >= current.headers().items()


async def test_outside_of_a_correlation_nothing_is_sent(server: TestServer, session: ClientSession) -> None:
    async with session.get(server.make_url("/echo")) as response:
        sent = await response.json()
    assert not {"traceparent", "X-Correlation-ID", "X-Request-ID"} & set(sent)


async def test_headers_of_the_caller_win(server: TestServer, session: ClientSession) -> None:
    with correlation("c-1"):
        async with session.get(server.make_url("/echo"), headers={"X-Correlation-ID": "mine"}) as response:
            assert (await response.json())["X-Correlation-ID"] == "mine"


async def test_a_chain_of_services_shares_one_trace(server: TestServer, session: ClientSession) -> None:
    with correlation("c-1") as current:
        async with session.get(server.make_url("/relay")) as response:
            sent = await response.json()
    version, trace_id, span_id, _ = sent["traceparent"].split("-")
    assert (version, trace_id) == ("00", current.trace_id)
    assert span_id != current.span_id
    assert sent["X-Correlation-ID"] == "c-1"


async def test_a_trace_that_the_caller_names_gets_no_tracestate_of_another(
    server: TestServer, session: ClientSession
) -> None:
    named = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    incoming = correlation_from_headers({"traceparent": named.replace("a", "b"), "tracestate": "vendor=1"})
    with correlation(resume=incoming):
        async with session.get(server.make_url("/echo"), headers={"traceparent": named}) as response:
            sent = await response.json()
    assert sent["traceparent"] == named
    assert "tracestate" not in sent
