"""A real WebSocket server that speaks the part of Home Assistant's protocol that the service uses.

With Home Assistant itself the service is tested end to end. Here tests need what it does not do on demand:
end a connection, refuse a token, send an event that no version of it would send.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import WSCloseCode, web
from aiohttp.test_utils import TestServer

TOKEN: Final = "long-lived-token"


def state_changed(
    entity_id: str,
    state: str | None,
    *,
    last_updated: str = "2026-01-05T10:00:00.123456+00:00",
    **attributes: Any,
) -> dict[str, Any]:
    """An event as Home Assistant 2026.10 sends it; ``state`` None is the entity's removal."""
    new_state = {
        "entity_id": entity_id,
        "state": state,
        "attributes": attributes,
        "last_changed": last_updated,
        "last_reported": last_updated,
        "last_updated": last_updated,
        "context": {"id": "01KAS3J2Q0M5V9N5T7J0E9C8Z1", "parent_id": None, "user_id": None},
    }
    return {
        "event_type": "state_changed",
        "data": {
            "entity_id": entity_id,
            "old_state": None,
            "new_state": None if state is None else new_state,
        },
        "origin": "LOCAL",
        "time_fired": last_updated,
        "context": {"id": "01KAS3J2Q0M5V9N5T7J0E9C8Z1", "parent_id": None, "user_id": None},
    }


class HomeAssistantServer:
    """Authenticates clients and sends events to those that subscribed."""

    def __init__(self) -> None:
        self.connections = 0
        self.refuse_subscriptions = False
        self.greeting = "auth_required"
        self._subscribers: dict[web.WebSocketResponse, int] = {}
        app = web.Application()
        app.router.add_get("/api/websocket", self._serve)
        self._server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    @property
    def subscribers(self) -> int:
        return len(self._subscribers)

    async def start(self) -> None:
        await self._server.start_server()

    async def close(self) -> None:
        await self.drop_connections()
        await self._server.close()

    async def send(self, event: Mapping[str, Any]) -> None:
        for connection, subscription in list(self._subscribers.items()):
            await connection.send_json({"id": subscription, "type": "event", "event": event})

    async def drop_connections(self) -> None:
        for connection in list(self._subscribers):
            await connection.close(code=WSCloseCode.GOING_AWAY)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        self.connections += 1
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        await connection.send_json({"type": self.greeting, "ha_version": "2026.10.4"})
        authentication = await connection.receive_json()
        if authentication != {"type": "auth", "access_token": TOKEN}:
            await connection.send_json(
                {"type": "auth_invalid", "message": "Invalid access token or password"}
            )
            await connection.close()
            return connection
        await connection.send_json({"type": "auth_ok", "ha_version": "2026.10.4"})
        try:
            async for message in connection:
                await self._answer(connection, message.json())
        finally:
            self._subscribers.pop(connection, None)
        return connection

    async def _answer(self, connection: web.WebSocketResponse, command: Mapping[str, Any]) -> None:
        expected = {"id": command["id"], "type": "subscribe_events", "event_type": "state_changed"}
        success = command == expected and not self.refuse_subscriptions
        await connection.send_json(
            {"id": command["id"], "type": "result", "success": success, "result": None}
        )
        if success:
            self._subscribers[connection] = command["id"]
