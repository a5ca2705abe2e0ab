"""The client against servers that misbehave in ways the aggregator never should."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from custom_components.ha_ingestor import client as client_module
from custom_components.ha_ingestor import live as live_module
from custom_components.ha_ingestor.client import AggregatorClient
from custom_components.ha_ingestor.errors import (
    AggregatorApiError,
    AggregatorAuthenticationError,
    AggregatorConnectionError,
    AggregatorError,
    AggregatorResponseError,
    AggregatorScopeError,
)
from tests.aggregator_process import AggregatorProcess

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Connect = Callable[[Handler], Awaitable[AggregatorClient]]

TOKEN = "secret"
STATS: dict[str, Any] = {
    "id": "0" * 32,
    "version": "9.9.9",
    "totals": {"lines_per_s": 1, "errors_per_s": 0.5, "errors_last_hour": 3, "dropped": 4, "later": True},
    "store": {"size_bytes": 5},
    "host": {"cpu_percent": 1.5, "memory_percent": 2, "disk_percent": 3},
    "services": {
        "a": {
            "lines_per_s": 1.0,
            "events_per_s": None,
            "error_percent": None,
            "errors_last_hour": 0,
            "last_seen": "2026-11-23T09:59:58.123456789Z",
        }
    },
}


@pytest.fixture
async def connect() -> AsyncGenerator[Connect]:
    """Connect a client to a server with one handler for everything."""
    servers: list[TestServer] = []
    async with ClientSession() as session:

        async def to(handler: Handler) -> AggregatorClient:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            server = TestServer(app, host="127.0.0.1")
            await server.start_server()
            servers.append(server)
            return AggregatorClient(session, server.make_url("/base"), TOKEN)

        yield to
    for server in servers:
        await server.close()


def answering(**response: Any) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.json_response(**response) if "data" in response else web.Response(**response)

    return handler


def live(*messages: object, close_code: int = 1001) -> Handler:
    """Accept a live connection, send messages after `ready`, close."""

    async def handler(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_json({"type": "ready", "version": "9.9.9"})
        for message in messages:
            await websocket.send_json(message)
        await websocket.close(code=close_code)
        return websocket

    return handler


async def test_requests_go_below_the_base_url_with_the_token_in_a_header_only(connect: Connect) -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.json_response(STATS)

    stats = await (await connect(handler)).stats()
    assert seen[0].path_qs == "/base/api/v1/stats"
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert stats.services["a"].last_seen == datetime(2026, 11, 23, 9, 59, 58, 123456, tzinfo=UTC)
    assert stats.totals.dropped == 4


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"totals": None}, "NoneType"),
        ({"totals": {}}, "'lines_per_s' is missing"),
        ({"host": {"cpu_percent": "much", "memory_percent": 0, "disk_percent": 0}}, "much"),
        ({"services": []}, "list"),
        ({"services": {"a": {**STATS["services"]["a"], "last_seen": "yesterday"}}}, "yesterday"),
        (
            {"services": {"a": {**STATS["services"]["a"], "last_seen": "2026-11-23T10:00:00"}}},
            "no time zone",
        ),
    ],
)
async def test_statistics_of_another_shape_are_refused(
    connect: Connect, change: dict[str, Any], reason: str
) -> None:
    client = await connect(answering(data={**STATS, **change}))
    with pytest.raises(AggregatorResponseError, match=reason):
        await client.stats()


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"status": 401}, AggregatorAuthenticationError),
        ({"status": 403}, AggregatorScopeError),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, AggregatorResponseError),
        ({"status": 502, "text": "bad gateway"}, AggregatorResponseError),
        ({"status": 500, "data": {"error": "text"}}, AggregatorResponseError),
        ({"status": 500, "data": {"error": {"code": "odd"}}}, AggregatorResponseError),
        ({"status": 200, "text": "{}"}, AggregatorResponseError),
        ({"status": 200, "body": b"{", "content_type": "application/json"}, AggregatorResponseError),
        ({"status": 200, "data": []}, AggregatorResponseError),
    ],
)
async def test_answers_outside_the_api_are_told_apart(
    connect: Connect, response: dict[str, Any], error: type[AggregatorError]
) -> None:
    client = await connect(answering(**response))
    with pytest.raises(error) as raised:
        await client.stats()
    assert type(raised.value) is error
    assert TOKEN not in str(raised.value)


async def test_an_error_of_the_api_keeps_its_code_message_and_details(connect: Connect) -> None:
    error = {"code": "query_syntax", "message": "no", "column": 7, "expected": ["a word", "a phrase"]}
    client = await connect(answering(status=400, data={"error": error}))
    with pytest.raises(AggregatorApiError, match="no") as raised:
        await client.search({"query": "level:"})
    assert raised.value.code == "query_syntax"
    assert raised.value.details == {"column": "7", "expected": "a word, a phrase"}


async def test_a_server_that_does_not_answer_in_time_counts_as_away(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.Response()

    monkeypatch.setattr(client_module, "_CONNECT_TIMEOUT_S", 0.1)
    client = await connect(handler)
    with pytest.raises(AggregatorConnectionError, match="no answer within 0 s"):
        async with client.tail(""):
            pass


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (answering(status=401), AggregatorAuthenticationError),
        (answering(status=403), AggregatorScopeError),
        (answering(status=404), AggregatorResponseError),
        (live(close_code=4401), AggregatorAuthenticationError),
        (live(close_code=1001), AggregatorConnectionError),
        (live({"id": 1, "type": "rows", "rows": [], "missed": 0}), AggregatorResponseError),
        (live({"id": 1, "type": "error", "error": {"code": "odd", "message": "no"}}), AggregatorApiError),
        (live(["no object"]), AggregatorResponseError),
    ],
)
async def test_a_live_connection_that_is_refused_says_why(
    connect: Connect, handler: Handler, error: type[AggregatorError]
) -> None:
    client = await connect(handler)
    with pytest.raises(error) as raised:
        async with client.tail(""):
            pass
    assert type(raised.value) is error


async def test_a_live_connection_that_breaks_raises_after_its_last_message(connect: Connect) -> None:
    client = await connect(live({"id": 1, "type": "result"}, {"id": 1, "type": "stats", "stats": STATS}))
    async with client.follow_stats(1) as messages:
        assert (await anext(messages)).version == "9.9.9"
        with pytest.raises(AggregatorConnectionError, match="closed"):
            await anext(messages)


async def test_a_peer_that_is_silent_but_answers_pings_is_kept(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "_SILENCE_S", 0.1)
    pings = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal pings
        websocket = web.WebSocketResponse(autoping=False)
        await websocket.prepare(request)
        await websocket.send_json({"type": "ready", "version": "9.9.9"})
        await websocket.receive_json()
        await websocket.ping()
        assert (await websocket.receive()).type is WSMsgType.PONG
        while pings < 3:
            message = await websocket.receive()
            assert message.type is WSMsgType.PING
            pings += 1
            await websocket.pong(message.data)
        await websocket.send_json({"id": 1, "type": "result"})
        await websocket.receive()
        return websocket

    client = await connect(handler)
    async with client.tail(""):
        assert pings == 3


async def test_a_peer_that_does_not_answer_pings_counts_as_away(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "_SILENCE_S", 0.1)
    monkeypatch.setattr(client_module, "_CLOSE_TIMEOUT_S", 0.1)

    async def handler(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(autoping=False)
        await websocket.prepare(request)
        await websocket.send_json({"type": "ready", "version": "9.9.9"})
        await asyncio.sleep(1)
        return websocket

    client = await connect(handler)
    with pytest.raises(AggregatorConnectionError, match="no answer within 0 s"):
        async with client.tail(""):
            pass


async def test_rows_of_another_shape_are_refused(connect: Connect) -> None:
    client = await connect(live({"id": 1, "type": "result"}, {"id": 1, "type": "rows", "rows": []}))
    async with client.tail("") as messages:
        with pytest.raises(AggregatorResponseError, match="'missed' is missing"):
            await anext(messages)


async def test_the_real_aggregator_speaks_as_the_client_expects(aggregator: AggregatorProcess) -> None:
    async with ClientSession() as session:
        client = AggregatorClient(session, aggregator.url, aggregator.token("admin"))
        assert (await client.stats()).services == {}
        async with client.follow_stats(1) as messages:
            first, second = await anext(messages), await anext(messages)
        assert first.version == second.version
