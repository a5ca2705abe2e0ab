"""Search and tail through Home Assistant's WebSocket, down to the real aggregator."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from yarl import URL

from custom_components.ha_ingestor.client import AggregatorClient
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from tests.aggregator_process import AggregatorProcess
from tests.integration.harness import MockHAClientWebSocket, WebSocketGenerator
from tests.integration.waiting import wait_until

LINE = {"service": "data-api", "level": "error", "message": "partial write"}


def tails() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "ha_ingestor tail"]


async def ask(client: MockHAClientWebSocket, **command: Any) -> dict[str, Any]:
    await client.send_json_auto_id(command)
    answer: dict[str, Any] = await client.receive_json()
    return answer


async def next_event(client: MockHAClientWebSocket) -> dict[str, Any]:
    """Wait for the next event of a tail."""
    async with asyncio.timeout(10):
        message = await client.receive_json()
    assert message["type"] == "event"
    event: dict[str, Any] = message["event"]
    return event


@pytest.fixture
async def silent_url() -> AsyncGenerator[URL]:
    """The address of a server that takes connections and never answers."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1")
    async with server:
        yield URL.build(scheme="http", host="127.0.0.1", port=server.sockets[0].getsockname()[1])


@pytest.fixture
async def client(
    hass: HomeAssistant,
    loaded_entry: HaIngestorConfigEntry,  # noqa: ARG001 - fixtures take fixtures as arguments
    hass_ws_client: WebSocketGenerator,
) -> MockHAClientWebSocket:
    """An administrator's connection to a Home Assistant that has an aggregator."""
    return await hass_ws_client(hass)


async def test_search_finds_a_stored_line(
    hass: HomeAssistant, client: MockHAClientWebSocket, aggregator: AggregatorProcess
) -> None:
    await hass.async_add_executor_job(aggregator.send, LINE, {"service": "other", "message": "fine"})
    answer = await ask(client, type="ha_ingestor/search", query='service:data-api "partial write"')
    assert answer["success"]
    (row,) = answer["result"]["rows"]
    assert {**row, "level": row["level"].lower()}.items() >= LINE.items()
    assert answer["result"]["cursor"] is None


async def test_search_pages_with_limit_order_and_cursor(
    hass: HomeAssistant, client: MockHAClientWebSocket, aggregator: AggregatorProcess
) -> None:
    lines = [{"service": "counter", "message": f"line {number}"} for number in range(3)]
    await hass.async_add_executor_job(aggregator.send, *lines)
    found: list[str] = []
    page: dict[str, Any] = {}
    while page.get("cursor", "") is not None:
        answer = await ask(
            client,
            type="ha_ingestor/search",
            query="service:counter",
            start="now-1h",
            end="now+1h",
            limit=2,
            order="asc",
            **page,
        )
        assert answer["success"], answer
        found += [row["message"] for row in answer["result"]["rows"]]
        page = {"cursor": answer["result"]["cursor"]}
    assert found == ["line 0", "line 1", "line 2"]


async def test_a_search_that_cannot_be_parsed_names_the_column(client: MockHAClientWebSocket) -> None:
    answer = await ask(client, type="ha_ingestor/search", query="level:")
    assert not answer["success"]
    assert answer["error"]["code"] == "query_syntax"
    assert answer["error"]["message"]
    assert answer["error"]["translation_domain"] == "ha_ingestor"
    assert answer["error"]["translation_key"] == "query_syntax"
    assert answer["error"]["translation_placeholders"]["column"] == "7"


async def test_a_limit_that_the_aggregator_refuses_names_the_field(client: MockHAClientWebSocket) -> None:
    answer = await ask(client, type="ha_ingestor/search", query="", limit=1_000_000)
    assert answer["error"]["code"] == "invalid_field"
    assert answer["error"]["translation_placeholders"]["field"] == "limit"


async def test_search_says_that_the_aggregator_is_away_without_its_address(
    hass: HomeAssistant, client: MockHAClientWebSocket, aggregator: AggregatorProcess
) -> None:
    await hass.async_add_executor_job(aggregator.kill)
    answer = await ask(client, type="ha_ingestor/search", query="")
    assert answer["error"] == {
        "code": "cannot_connect",
        "message": "The aggregator doesn't answer",
        "translation_domain": "ha_ingestor",
        "translation_key": "cannot_connect",
        "translation_placeholders": {},
    }


async def test_search_says_that_something_else_answers(
    hass: HomeAssistant,
    client: MockHAClientWebSocket,
    loaded_entry: HaIngestorConfigEntry,
    other_server: TestServer,
) -> None:
    loaded_entry.runtime_data.client = AggregatorClient(
        async_get_clientsession(hass), other_server.make_url("/"), "any"
    )
    answer = await ask(client, type="ha_ingestor/search", query="")
    assert answer["error"]["code"] == "unexpected_answer"
    assert answer["error"]["message"] == "The aggregator answered something unexpected"


@pytest.mark.usefixtures("loaded_entry")
@pytest.mark.parametrize("command", ["ha_ingestor/search", "ha_ingestor/tail"])
async def test_only_administrators_may(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
    command: str,
) -> None:
    client = await hass_ws_client(hass, hass_read_only_access_token)
    answer = await ask(client, type=command, query="")
    assert answer["error"]["code"] == "unauthorized"
    assert tails() == []


@pytest.mark.parametrize("command", ["ha_ingestor/search", "ha_ingestor/tail"])
async def test_an_aggregator_can_be_named_by_its_config_entry(
    client: MockHAClientWebSocket, loaded_entry: HaIngestorConfigEntry, command: str
) -> None:
    answer = await ask(client, type=command, query="", entry_id=loaded_entry.entry_id)
    assert answer["success"]
    answer = await ask(client, type=command, query="", entry_id="unknown")
    assert answer["error"]["code"] == "not_loaded"


@pytest.mark.usefixtures("component")
async def test_without_a_config_entry_the_commands_say_so(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    answer = await ask(client, type="ha_ingestor/search", query="")
    assert answer["error"]["code"] == "not_loaded"


async def test_tail_gets_matching_lines_as_they_arrive(
    hass: HomeAssistant, client: MockHAClientWebSocket, aggregator: AggregatorProcess
) -> None:
    assert (await ask(client, type="ha_ingestor/tail", query="level:>=error"))["success"]
    await hass.async_add_executor_job(aggregator.send, {"level": "info", "message": "fine"}, LINE)
    event = await next_event(client)
    assert [row["message"] for row in event.pop("rows")] == ["partial write"]
    assert event == {"missed": 0}


async def test_a_tail_that_cannot_be_parsed_names_the_column_and_ends(client: MockHAClientWebSocket) -> None:
    answer = await ask(client, type="ha_ingestor/tail", query="level:")
    assert answer["error"]["code"] == "query_syntax"
    assert answer["error"]["translation_placeholders"]["column"] == "7"
    await wait_until(lambda: tails() == [], "the tail ends")


async def test_tail_ends_when_the_client_unsubscribes(client: MockHAClientWebSocket) -> None:
    answer = await ask(client, type="ha_ingestor/tail", query="")
    assert tails() == ["ha_ingestor tail"]
    assert (await ask(client, type="unsubscribe_events", subscription=answer["id"]))["success"]
    await wait_until(lambda: tails() == [], "the tail ends")


async def test_tail_ends_when_the_client_is_gone(client: MockHAClientWebSocket) -> None:
    await ask(client, type="ha_ingestor/tail", query="")
    await client.close()
    await wait_until(lambda: tails() == [], "the tail ends")


async def test_tail_says_that_it_ends_when_the_entry_is_reloaded_and_can_begin_again(
    hass: HomeAssistant, client: MockHAClientWebSocket, loaded_entry: HaIngestorConfigEntry
) -> None:
    first = await ask(client, type="ha_ingestor/tail", query="")
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    assert tails() == []
    event = await next_event(client)
    assert set(event) == {"error"}
    assert event["error"]["code"] == event["error"]["translation_key"] == "not_loaded"

    assert (await ask(client, type="unsubscribe_events", subscription=first["id"]))["success"]
    assert (await ask(client, type="ha_ingestor/tail", query=""))["success"]
    assert tails() == ["ha_ingestor tail"]


async def test_tail_that_waits_for_its_first_answer_fails_when_the_entry_is_unloaded(
    hass: HomeAssistant, client: MockHAClientWebSocket, loaded_entry: HaIngestorConfigEntry, silent_url: URL
) -> None:
    loaded_entry.runtime_data.client = AggregatorClient(async_get_clientsession(hass), silent_url, "any")
    await client.send_json_auto_id({"type": "ha_ingestor/tail", "query": ""})
    await wait_until(lambda: tails() != [], "the tail is begun")
    assert await hass.config_entries.async_unload(loaded_entry.entry_id)
    answer = await client.receive_json()
    assert answer["type"] == "result"
    assert answer["error"]["code"] == "not_loaded"


async def test_tail_says_that_it_ends_when_the_aggregator_is_gone_and_can_begin_again(
    hass: HomeAssistant, client: MockHAClientWebSocket, aggregator: AggregatorProcess
) -> None:
    first = await ask(client, type="ha_ingestor/tail", query="service:data-api")
    await hass.async_add_executor_job(aggregator.kill)
    event = await next_event(client)
    assert set(event) == {"error"}
    assert event["error"]["code"] == "cannot_connect"
    assert event["error"]["message"] == "The aggregator doesn't answer"
    await wait_until(lambda: tails() == [], "the tail ends")
    assert (await ask(client, type="unsubscribe_events", subscription=first["id"]))["success"]
    assert (await ask(client, type="ha_ingestor/tail", query=""))["error"]["code"] == "cannot_connect"

    await hass.async_add_executor_job(aggregator.start)
    assert (await ask(client, type="ha_ingestor/tail", query="service:data-api"))["success"]
    await hass.async_add_executor_job(aggregator.send, LINE)
    event = await next_event(client)
    assert [row["message"] for row in event["rows"]] == ["partial write"]
