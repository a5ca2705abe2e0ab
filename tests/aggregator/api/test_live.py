"""The live WebSocket of a running aggregator."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from aggregator import limits
from tests.aggregator.running_aggregator import Aggregator, running

CLOSE_UNAUTHORIZED = 4401


class Client:
    """A live client.

    Args:
        socket: its connection.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def ask(self, **message: object) -> dict[str, Any]:
        """Send a message, and return the next one that comes."""
        await self.socket.send_json(message)
        return await self.next()

    async def next(self, timeout_s: float = 5) -> dict[str, Any]:
        """Return the next message."""
        message: dict[str, Any] = await self.socket.receive_json(timeout=timeout_s)
        return message

    async def rows(self, count: int) -> list[dict[str, Any]]:
        """Return so many rows of a tail."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            message = await self.next()
            assert message["type"] == "rows"
            assert message["missed"] == 0
            found += message["rows"]
        return found


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def client(aggregator: Aggregator, session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {aggregator.token('read')}"}
    async with session.ws_connect(f"{aggregator.url}/api/v1/live", headers=headers) as connection:
        client = Client(connection)
        assert (await client.next())["type"] == "ready"
        yield client


async def send(aggregator: Aggregator, *records: dict[str, Any]) -> None:
    answer = await asyncio.to_thread(aggregator.send, *records)
    assert answer.status == 200


def mark() -> str:
    return os.urandom(8).hex()


@pytest.mark.parametrize("scope", ["read", "admin"])
async def test_a_browser_sends_its_token_first(
    aggregator: Aggregator, session: aiohttp.ClientSession, scope: str
) -> None:
    async with session.ws_connect(f"{aggregator.url}/api/v1/live") as connection:
        ready = await Client(connection).ask(type="auth", token=aggregator.token(scope))
    assert ready["type"] == "ready"
    assert ready["version"]


@pytest.mark.parametrize(
    "first",
    [
        '{"type":"auth","token":"wrong"}',
        '{"type":"auth"}',
        '{"type":"auth","token":5}',
        '{"type":"tail","id":1}',
        "{}",
        "[]",
        "hello",
        '{"type":"auth","token":"INGEST"}',
    ],
)
async def test_without_a_good_token_the_connection_is_closed(
    aggregator: Aggregator, session: aiohttp.ClientSession, first: str
) -> None:
    async with session.ws_connect(f"{aggregator.url}/api/v1/live") as connection:
        await connection.send_str(first.replace("INGEST", aggregator.token("ingest")))
        closed = await connection.receive(timeout=20)
        assert closed.type is aiohttp.WSMsgType.CLOSE
        assert connection.close_code == CLOSE_UNAUTHORIZED


async def test_a_wrong_token_in_the_header_is_refused_before_anything(
    aggregator: Aggregator, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(f"{aggregator.url}/api/v1/live", headers={"Authorization": "Bearer wrong"})
    assert refused.value.status == 401


async def test_a_tail_gets_what_comes_and_matches_within_a_second(
    aggregator: Aggregator, client: Client
) -> None:
    word = mark()
    await send(aggregator, {"message": f"{word} before"})
    await asyncio.to_thread(aggregator.wait_for, word, 1)
    assert await client.ask(id=1, type="tail", query=f"{word} level:>=warning") == {"id": 1, "type": "result"}
    await send(
        aggregator, {"message": f"{word} a", "level": "error"}, {"message": f"{word} b", "level": "info"}
    )
    began_s = time.monotonic()
    message = await client.next()
    assert time.monotonic() - began_s < 1
    assert (message["id"], message["type"], message["missed"]) == (1, "rows", 0)
    assert [row["message"] for row in message["rows"]] == [f"{word} a"]


async def test_a_tail_gets_every_row_once_and_the_oldest_first(
    aggregator: Aggregator, client: Client
) -> None:
    word = mark()
    await client.ask(id=1, type="tail", query=word)
    for batch in range(5):
        await send(aggregator, *({"message": word, "n": batch * 20 + n} for n in range(20)))
    assert [row["n"] for row in await client.rows(100)] == list(range(100))


async def test_what_is_too_much_for_one_message_is_counted_as_missed(
    aggregator: Aggregator, client: Client
) -> None:
    word = mark()
    await client.ask(id=1, type="tail", query=word)
    total = limits.TAIL_ROWS + 50
    await send(aggregator, *({"message": word, "n": n} for n in range(total)))
    message = await client.next()
    assert message["missed"] == 50
    assert [row["n"] for row in message["rows"]] == list(range(50, total))


async def test_subscriptions_live_side_by_side_until_they_end(aggregator: Aggregator, client: Client) -> None:
    word = mark()
    await client.ask(id=1, type="tail", query=f"{word} one")
    await client.ask(id=2, type="tail", query=f"{word} two")
    assert await client.ask(id=3, type="unsubscribe", subscription=1) == {"id": 3, "type": "result"}
    await send(aggregator, {"message": f"{word} one"}, {"message": f"{word} two"})
    message = await client.next()
    assert message["id"] == 2
    with pytest.raises(TimeoutError):
        await client.next(0.5)


async def test_an_id_is_free_again_after_its_end(client: Client) -> None:
    assert (await client.ask(id=1, type="tail"))["type"] == "result"
    assert (await client.ask(id=1, type="tail"))["error"]["field"] == "id"
    assert (await client.ask(id=2, type="unsubscribe", subscription=1))["type"] == "result"
    assert (await client.ask(id=1, type="tail"))["type"] == "result"


@pytest.mark.parametrize(
    ("message", "code", "key", "value"),
    [
        ({"id": 1, "type": "tail", "query": "level:"}, "query_syntax", "column", 7),
        ({"id": 1, "type": "tail", "query": 5}, "invalid_field", "field", "query"),
        ({"id": 1, "type": "stats", "interval_s": 0}, "invalid_field", "field", "interval_s"),
        ({"id": 1, "type": "stats", "interval_s": 3601}, "invalid_field", "field", "interval_s"),
        ({"id": 1, "type": "unsubscribe", "subscription": 9}, "invalid_field", "field", "subscription"),
        ({"id": 1, "type": "unsubscribe"}, "invalid_field", "field", "subscription"),
        ({"id": 1, "type": "nonsense"}, "invalid_field", "field", "type"),
        ({"id": 1, "type": "tail", "qury": "level:error"}, "invalid_field", "field", "qury"),
        ({"id": 1}, "invalid_field", "field", "type"),
        ({"id": "a", "type": "tail"}, "invalid_field", "field", "id"),
        ({"type": "tail"}, "invalid_field", "field", "id"),
        ({"id": True, "type": "tail"}, "invalid_field", "field", "id"),
    ],
)
async def test_a_bad_request_is_answered_and_the_connection_stays(
    client: Client, message: dict[str, object], code: str, key: str, value: object
) -> None:
    answer = await client.ask(**message)
    assert (answer["id"], answer["type"]) == (message.get("id"), "error")
    assert (answer["error"]["code"], answer["error"][key]) == (code, value)
    assert (await client.ask(id=2, type="tail"))["type"] == "result"


@pytest.mark.parametrize("text", ["hello", "[]", "", "{"])
async def test_what_is_no_json_object_is_answered_and_the_connection_stays(client: Client, text: str) -> None:
    await client.socket.send_str(text)
    answer = await client.next()
    assert (answer["id"], answer["error"]["code"]) == (None, "invalid_json")
    await client.socket.send_bytes(b"ignored")
    assert (await client.ask(id=2, type="tail"))["type"] == "result"


async def test_a_connection_has_so_many_subscriptions(client: Client) -> None:
    for number in range(limits.LIVE_SUBSCRIPTIONS):
        assert (await client.ask(id=number, type="tail", query="nothing"))["type"] == "result"
    assert (await client.ask(id=99, type="tail"))["error"]["field"] == "id"


async def test_statistics_come_at_once_and_again(client: Client) -> None:
    assert (await client.ask(id=1, type="stats", interval_s=1))["type"] == "result"
    began_s = time.monotonic()
    first = await client.next()
    assert time.monotonic() - began_s < 0.9
    second = await client.next()
    assert 0.5 < time.monotonic() - began_s < 3
    for message in (first, second):
        assert (message["id"], message["type"]) == (1, "stats")
        assert {"totals", "store", "host", "aggregator", "services"} <= message["stats"].keys()


async def test_a_client_that_vanishes_leaves_the_others_alone(
    aggregator: Aggregator, session: aiohttp.ClientSession, client: Client
) -> None:
    word = mark()
    headers = {"Authorization": f"Bearer {aggregator.token('read')}"}
    gone = await session.ws_connect(f"{aggregator.url}/api/v1/live", headers=headers)
    await gone.send_json({"id": 1, "type": "tail"})
    transport = gone.get_extra_info("socket")
    assert transport is not None
    gone._response.connection.transport.abort()  # type: ignore[union-attr]
    await client.ask(id=1, type="tail", query=word)
    await send(aggregator, {"message": word})
    assert len(await client.rows(1)) == 1


def connect_and_say_nothing(aggregator: Aggregator) -> socket.socket:
    """A live client with a tail that never reads, and never answers a closing handshake."""
    host, port = aggregator.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(
        b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Authorization: Bearer " + aggregator.token("read").encode() + b"\r\n\r\n"
    )
    assert connection.recv(64).startswith(b"HTTP/1.1 101")
    return connection


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_aggregator_ends_in_time_while_clients_listen_or_hang(
    tmp_path: Path, session: aiohttp.ClientSession, number: signal.Signals
) -> None:
    with running(tmp_path) as aggregator:
        hanging = [connect_and_say_nothing(aggregator) for _ in range(3)]
        headers = {"Authorization": f"Bearer {aggregator.token('read')}"}
        async with session.ws_connect(f"{aggregator.url}/api/v1/live", headers=headers) as connection:
            client = Client(connection)
            await client.next()
            await client.ask(id=1, type="tail")
            aggregator.process.send_signal(number)
            began_s = time.monotonic()
            closed = await connection.receive(timeout=20)
            assert closed.type is aiohttp.WSMsgType.CLOSE
            assert connection.close_code == aiohttp.WSCloseCode.GOING_AWAY
        assert await asyncio.to_thread(aggregator.process.wait, 20) == 0
        assert time.monotonic() - began_s < 10
        for silent in hanging:
            silent.close()
