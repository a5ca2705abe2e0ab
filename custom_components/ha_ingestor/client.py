"""Client of the aggregator's HTTP and live WebSocket API; knows nothing of Home Assistant."""

from contextlib import asynccontextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSServerHandshakeError
from yarl import URL

from .answers import decoded, json_object
from .errors import AggregatorResponseError, api_error, connection_errors, status_error
from .live import LiveSubscription, subscribe
from .models import Settings, Stats, TailBatch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

_REQUEST_TIMEOUT_S: Final = 10.0
_SEARCH_TIMEOUT_S: Final = 60.0
# The aggregator answers when the lines are on its disk, which may be a slow one.
_SEND_TIMEOUT_S: Final = 30.0
_CONNECT_TIMEOUT_S: Final = 10.0
# A peer that is gone never answers a close frame; unloading must not wait for it.
_CLOSE_TIMEOUT_S: Final = 2.0
# The aggregator takes bodies of up to 64 MiB: one message may carry as much again.
_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class AggregatorClient:
    """Speaks to one aggregator.

    Args:
        session: the HTTP session to use; it is never closed here.
        url: address of the aggregator, with its path where it is behind a proxy.
        token: a token of the aggregator; sent as a header only.
    """

    def __init__(self, session: ClientSession, url: URL | str, token: str) -> None:
        self._session = session
        self._api = URL(url) / "api" / "v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def check_admin(self) -> None:
        """Make sure that the aggregator answers and that the token has the scope `admin`.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        await self.update_settings({})

    async def stats(self) -> Stats:
        """Fetch the statistics.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        return decoded(json_object(await self._request("GET", "stats")), Stats.from_json)

    async def settings(self) -> Settings:
        """Fetch the settings.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        return decoded(json_object(await self._request("GET", "settings")), Settings.from_json)

    async def update_settings(self, changes: Mapping[str, int]) -> Settings:
        """Change settings and return all of them.

        Args:
            changes: the keys to change with their new values.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        answer = await self._request("PATCH", "settings", dict(changes))
        return decoded(json_object(answer), Settings.from_json)

    async def search(self, request: Mapping[str, Any]) -> bytes:
        """Search the log.

        Args:
            request: the search's body as the API describes it.

        Returns:
            The answer as it came, a JSON object in UTF-8: a page can have megabytes,
            and decoding it just to encode it again would hold up the event loop.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        return await self._request("POST", "search", dict(request), timeout_s=_SEARCH_TIMEOUT_S)

    async def send_lines(self, body: bytes, source: str) -> None:
        """Send log lines; returns when they are on the aggregator's disk.

        Args:
            body: one JSON object a line, compressed by gzip.
            source: how the aggregator calls the way in which they came.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        headers = {
            "Content-Encoding": "gzip",
            "Content-Type": "application/x-ndjson",
            "X-Source": source,
        }
        await self._request("POST", "logs", body, headers=headers, timeout_s=_SEND_TIMEOUT_S)

    @asynccontextmanager
    async def follow_stats(self, interval_s: int) -> AsyncGenerator[LiveSubscription[Stats]]:
        """Subscribe to the statistics: at once, then every `interval_s` seconds (1 … 3600).

        Raises:
            AggregatorError: at entry or at any message; its subclass says what is wrong.
        """
        request = {"type": "stats", "interval_s": interval_s}
        async with self._subscribe(request, lambda message: Stats.from_json(message["stats"])) as live:
            yield live

    @asynccontextmanager
    async def tail(self, query: str) -> AsyncGenerator[LiveSubscription[TailBatch]]:
        """Subscribe to the records that match a search from now on.

        Args:
            query: in the search language; empty matches everything.

        Raises:
            AggregatorError: at entry or at any message; its subclass says what is wrong.
        """
        async with self._subscribe({"type": "tail", "query": query}, TailBatch.from_json) as live:
            yield live

    async def _request(
        self,
        method: str,
        route: str,
        body: dict[str, Any] | bytes | None = None,
        timeout_s: float = _REQUEST_TIMEOUT_S,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> bytes:
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        # A redirect could carry the token to another machine.
        async with (
            connection_errors(timeout_s),
            self._session.request(
                method,
                self._api / route,
                headers={**self._headers, **headers},
                allow_redirects=False,
                **content,
            ) as response,
        ):
            payload = await response.read()
        if response.status != HTTPStatus.OK:
            if response.content_type == "application/json":
                raise api_error(json_object(payload))
            raise status_error(response.status)
        if response.content_type != "application/json":
            raise AggregatorResponseError(f"expected JSON, got {response.content_type}")
        return payload

    @asynccontextmanager
    async def _subscribe[T](
        self, request: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], T]
    ) -> AsyncGenerator[LiveSubscription[T]]:
        websocket = await self._connect()
        try:
            async with connection_errors(_CONNECT_TIMEOUT_S):
                await subscribe(websocket, request)
            yield LiveSubscription(websocket, decode)
        finally:
            await websocket.close()

    async def _connect(self) -> ClientWebSocketResponse:
        async with connection_errors(_CONNECT_TIMEOUT_S):
            try:
                return await self._session.ws_connect(
                    self._api / "live",
                    headers=self._headers,
                    # Done in live.py: aiohttp's heartbeat can leave a timer behind when it closes.
                    autoping=False,
                    max_msg_size=_MAX_MESSAGE_BYTES,
                    timeout=ClientWSTimeout(ws_close=_CLOSE_TIMEOUT_S),
                )
            except WSServerHandshakeError as err:
                raise status_error(err.status) from err
