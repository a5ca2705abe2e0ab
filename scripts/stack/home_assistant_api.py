"""Home Assistant's own HTTP and WebSocket API, as far as it is needed to set it up and to watch it."""

from http import HTTPStatus
from typing import Any

import aiohttp

from stack.errors import HomeAssistantApiError

_TIMEOUT = aiohttp.ClientTimeout(total=60)


class HomeAssistantApi:
    """Requests to one Home Assistant.

    Attributes:
        url: its address, without a slash at the end.
        token: access token, or None before there is one.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self._session = session

    async def get(self, path: str) -> Any:
        """Return the JSON answer to a GET request.

        Raises:
            HomeAssistantApiError: the answer is an error.
        """
        return await self._request("GET", path)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the JSON answer to a POST request with a JSON body.

        Raises:
            HomeAssistantApiError: the answer is an error.
        """
        return await self._request("POST", path, json=body)

    async def post_form(self, path: str, fields: dict[str, str]) -> Any:
        """Return the JSON answer to a POST request with form fields.

        Raises:
            HomeAssistantApiError: the answer is an error.
        """
        return await self._request("POST", path, data=fields)

    async def delete(self, path: str) -> None:
        """Send a DELETE request.

        Raises:
            HomeAssistantApiError: the answer is an error.
        """
        await self._request("DELETE", path)

    async def state(self, entity_id: str) -> str | None:
        """Return an entity's state, None when there is no such entity."""
        for state in await self.get("/api/states"):
            if state["entity_id"] == entity_id:
                return str(state["state"])
        return None

    async def call_action(self, domain: str, action: str, entity_id: str) -> None:
        """Run an action on an entity."""
        await self.post(f"/api/services/{domain}/{action}", {"entity_id": entity_id})

    async def command(self, kind: str, **fields: Any) -> Any:
        """Return the result of one WebSocket command.

        Args:
            kind: the command's type.
            fields: its further keys.

        Raises:
            HomeAssistantApiError: the command failed.
        """
        async with self._session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            answer = await socket.receive_json()
            if answer["type"] != "auth_ok":
                raise HomeAssistantApiError("the access token", answer)
            await socket.send_json({"id": 1, "type": kind, **fields})
            answer = await socket.receive_json()
        if not answer["success"]:
            raise HomeAssistantApiError(f"the command {kind}", answer["error"])
        return answer["result"]

    async def _request(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(
            method, self.url + path, headers=headers, timeout=_TIMEOUT, **body
        ) as response:
            if response.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
                raise HomeAssistantApiError(f"{method} {path}", await response.text(), response.status)
            return await response.json()
