"""Home Assistant's WebSocket API, as far as this service uses it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMessageTypeError

from ha_ingestor_logging import get_logger
from ha_ingestor_logging.metrics import connected

_SUBSCRIPTION: Final = 1
_HEARTBEAT_S: Final = 30.0
_ANSWER_TIMEOUT_S: Final = 10.0
# States with many attributes pass aiohttp's own limit of 4 MiB.
_MESSAGE_MAX_BYTES: Final = 16 * 2**20

logger = get_logger()


class HomeAssistantError(Exception):
    """The connection to Home Assistant failed or ended."""


class AuthenticationError(HomeAssistantError):
    """Home Assistant refused the token."""


async def state_changes(session: ClientSession, url: str, token: str) -> AsyncGenerator[dict[str, Any]]:
    """Connect, subscribe, and yield ``state_changed`` events until the connection ends.

    Args:
        session: the HTTP session to connect with.
        url: Home Assistant's base URL.
        token: a long-lived access token.

    Raises:
        AuthenticationError: the token was refused.
        HomeAssistantError: the connection could not be made, or ended.
    """
    try:
        async with session.ws_connect(
            f"{url}/api/websocket", heartbeat=_HEARTBEAT_S, max_msg_size=_MESSAGE_MAX_BYTES
        ) as connection:
            await _subscribe(connection, token)
            connected.labels("home_assistant").set(1)
            async for message in connection:
                answer = message.json()
                if answer.get("type") == "event" and answer.get("id") == _SUBSCRIPTION:
                    yield answer["event"]
    except (ClientError, WSMessageTypeError, TimeoutError, OSError, ValueError) as error:
        raise HomeAssistantError(f"{type(error).__name__}: {error}") from error
    finally:
        connected.labels("home_assistant").set(0)
    raise HomeAssistantError("Home Assistant closed the connection")


async def _subscribe(connection: ClientWebSocketResponse, token: str) -> None:
    async with asyncio.timeout(_ANSWER_TIMEOUT_S):
        await _expect(connection, "auth_required")
        await connection.send_json({"type": "auth", "access_token": token})
        welcome = await connection.receive_json()
        if welcome.get("type") == "auth_invalid":
            raise AuthenticationError("Home Assistant refused the token")
        if welcome.get("type") != "auth_ok":
            raise HomeAssistantError(f"expected auth_ok, got {welcome.get('type')}")
        await connection.send_json(
            {"id": _SUBSCRIPTION, "type": "subscribe_events", "event_type": "state_changed"}
        )
        result = await _expect(connection, "result")
        if not result.get("success"):
            raise HomeAssistantError("Home Assistant refused the subscription")
    logger.info("subscribed to state changes", home_assistant_version=welcome.get("ha_version"))


async def _expect(connection: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    message: dict[str, Any] = await connection.receive_json()
    if message.get("type") != kind:
        raise HomeAssistantError(f"expected {kind}, got {message.get('type')}")
    return message
