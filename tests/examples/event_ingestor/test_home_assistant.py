import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from aiohttp import ClientSession

from event_ingestor.home_assistant import AuthenticationError, HomeAssistantError, state_changes
from tests.examples.event_ingestor.home_assistant_server import TOKEN, HomeAssistantServer, state_changed
from tests.examples.event_ingestor.waiting import until


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def receive(session: ClientSession, url: str, token: str = TOKEN) -> list[str]:
    received = []
    async with aclosing(state_changes(session, url, token)) as events:
        async for event in events:
            received.append(event["data"]["entity_id"])
            if event["data"]["new_state"] is None:
                break
    return received


async def test_events_arrive_in_order(home_assistant: HomeAssistantServer, session: ClientSession) -> None:
    receiving = asyncio.create_task(receive(session, home_assistant.url))
    await until(lambda: home_assistant.subscribers == 1)
    await home_assistant.send(state_changed("sensor.a", "1"))
    await home_assistant.send(state_changed("sensor.b", None))
    assert await receiving == ["sensor.a", "sensor.b"]


async def test_a_wrong_token_is_told_apart(
    home_assistant: HomeAssistantServer, session: ClientSession
) -> None:
    with pytest.raises(AuthenticationError):
        await receive(session, home_assistant.url, "wrong")


async def test_the_end_of_the_connection_is_an_error(
    home_assistant: HomeAssistantServer, session: ClientSession
) -> None:
    receiving = asyncio.create_task(receive(session, home_assistant.url))
    await until(lambda: home_assistant.subscribers == 1)
    await home_assistant.drop_connections()
    with pytest.raises(HomeAssistantError, match="closed the connection"):
        await receiving


async def test_a_refused_subscription_is_an_error(
    home_assistant: HomeAssistantServer, session: ClientSession
) -> None:
    home_assistant.refuse_subscriptions = True
    with pytest.raises(HomeAssistantError, match="refused the subscription"):
        await receive(session, home_assistant.url)


async def test_another_protocol_is_an_error(
    home_assistant: HomeAssistantServer, session: ClientSession
) -> None:
    home_assistant.greeting = "welcome"
    with pytest.raises(HomeAssistantError, match="expected auth_required, got welcome"):
        await receive(session, home_assistant.url)


async def test_no_home_assistant_is_an_error(
    home_assistant: HomeAssistantServer, session: ClientSession
) -> None:
    url = home_assistant.url
    await home_assistant.close()
    with pytest.raises(HomeAssistantError, match="ClientConnectorError"):
        await receive(session, url)
