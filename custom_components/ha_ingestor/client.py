"""Client of the aggregator's HTTP and live WebSocket API; knows nothing of Home Assistant."""

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
from aiohttp import (
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    WSServerHandshakeError,
)
from yarl import URL

from .models import Settings, Stats, TailBatch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

_REQUEST_TIMEOUT_S: Final = 10.0
_SEARCH_TIMEOUT_S: Final = 60.0
_CONNECT_TIMEOUT_S: Final = 10.0
# A connection that is silent for this long is pinged; it counts as broken when that stays without an answer.
_SILENCE_S: Final = 20.0
# A peer that is gone never answers a close frame; unloading must not wait for it.
_CLOSE_TIMEOUT_S: Final = 2.0
# The aggregator takes bodies of up to 64 MiB: one message may carry as much again.
_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_CLOSE_UNAUTHORIZED: Final = 4401


class AggregatorError(Exception):
    """Base of everything that the client raises."""


class AggregatorConnectionError(AggregatorError):
    """The aggregator can't be reached, or the connection to it broke."""


class AggregatorResponseError(AggregatorError):
    """What answered doesn't speak the aggregator's API."""


class AggregatorApiError(AggregatorError):
    """The aggregator refused a request.

    Args:
        code: the API's error code, such as `query_syntax`.
        message: the API's sentence for people.
        details: further keys of the error as text, such as `{"column": "7"}`.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})


class AggregatorAuthenticationError(AggregatorApiError):
    """The aggregator doesn't accept the token."""


class AggregatorScopeError(AggregatorAuthenticationError):
    """The token is accepted but its scope doesn't allow the request."""


class LiveSubscription[T]:
    """The messages of one subscription, without an end: a broken connection raises.

    Args:
        websocket: a connection on which nothing else is subscribed to.
        decode: makes the value out of a message's JSON object.
    """

    def __init__(self, websocket: ClientWebSocketResponse, decode: Callable[[Mapping[str, Any]], T]) -> None:
        self._websocket = websocket
        self._decode = decode

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        return _decoded(await _receive(self._websocket), self._decode)


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
        return _decoded(_json_object(await self._request("GET", "stats")), Stats.from_json)

    async def settings(self) -> Settings:
        """Fetch the settings.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        return _decoded(_json_object(await self._request("GET", "settings")), Settings.from_json)

    async def update_settings(self, changes: Mapping[str, int]) -> Settings:
        """Change settings and return all of them.

        Args:
            changes: the keys to change with their new values.

        Raises:
            AggregatorError: its subclass says what is wrong.
        """
        answer = await self._request("PATCH", "settings", dict(changes))
        return _decoded(_json_object(answer), Settings.from_json)

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
        body: dict[str, Any] | None = None,
        timeout_s: float = _REQUEST_TIMEOUT_S,
    ) -> bytes:
        # A redirect could carry the token to another machine.
        async with (
            _connection_errors(timeout_s),
            self._session.request(
                method, self._api / route, json=body, headers=self._headers, allow_redirects=False
            ) as response,
        ):
            payload = await response.read()
        if response.status != HTTPStatus.OK:
            raise _refusal(response.status, payload)
        if response.content_type != "application/json":
            raise AggregatorResponseError(f"expected JSON, got {response.content_type}")
        return payload

    @asynccontextmanager
    async def _subscribe[T](
        self, request: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], T]
    ) -> AsyncGenerator[LiveSubscription[T]]:
        websocket = await self._connect()
        try:
            async with _connection_errors(_CONNECT_TIMEOUT_S):
                await _expect(websocket, "ready")
                await websocket.send_json({"id": 1, **request})
                await _expect(websocket, "result")
            yield LiveSubscription(websocket, decode)
        finally:
            await websocket.close()

    async def _connect(self) -> ClientWebSocketResponse:
        async with _connection_errors(_CONNECT_TIMEOUT_S):
            try:
                return await self._session.ws_connect(
                    self._api / "live",
                    headers=self._headers,
                    # Done in _receive_text: aiohttp's heartbeat can leave a timer behind when it closes.
                    autoping=False,
                    max_msg_size=_MAX_MESSAGE_BYTES,
                    timeout=ClientWSTimeout(ws_close=_CLOSE_TIMEOUT_S),
                )
            except WSServerHandshakeError as err:
                raise _refusal(err.status, b"") from err


@asynccontextmanager
async def _connection_errors(timeout_s: float) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as err:
        raise AggregatorConnectionError(f"no answer within {timeout_s:.0f} s") from err
    except ClientError as err:
        raise AggregatorConnectionError(str(err)) from err


async def _receive(websocket: ClientWebSocketResponse) -> dict[str, Any]:
    try:
        text = await _receive_text(websocket)
    except ClientError as err:
        raise AggregatorConnectionError(str(err)) from err
    if text is not None:
        content = _json_object(text)
        if content.get("type") == "error":
            raise _api_error(content)
        return content
    if websocket.close_code == _CLOSE_UNAUTHORIZED:
        raise AggregatorAuthenticationError("unauthorized", "the token isn't accepted")
    raise AggregatorConnectionError(f"the live connection was closed (code {websocket.close_code})")


async def _receive_text(websocket: ClientWebSocketResponse) -> str | None:
    """Return the next text, `None` when the connection is closed."""
    pinged = False
    while True:
        try:
            message = await websocket.receive(timeout=_SILENCE_S)
        except TimeoutError as err:
            if pinged:
                raise AggregatorConnectionError(f"no answer within {_SILENCE_S:.0f} s") from err
            await websocket.ping()
            pinged = True
            continue
        pinged = False
        match message.type:
            case WSMsgType.TEXT:
                text: str = message.data
                return text
            case WSMsgType.PING:
                await websocket.pong(message.data)
            case WSMsgType.PONG:
                pass
            case _:
                return None


async def _expect(websocket: ClientWebSocketResponse, message_type: str) -> None:
    message = await _receive(websocket)
    if message.get("type") != message_type:
        raise AggregatorResponseError(f"expected '{message_type}', got '{message.get('type')}'")


def _json_object(payload: bytes | str) -> dict[str, Any]:
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError as err:
        raise AggregatorResponseError(f"not JSON: {err}") from err
    if not isinstance(content, dict):
        raise AggregatorResponseError("not a JSON object")
    return content


def _decoded[T](content: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        return decode(content)
    except KeyError as err:
        raise AggregatorResponseError(f"{err} is missing") from err
    except (AttributeError, TypeError, ValueError) as err:
        raise AggregatorResponseError(str(err)) from err


def _refusal(status: int, payload: bytes) -> AggregatorError:
    try:
        return _api_error(_json_object(payload))
    except AggregatorResponseError:
        # A WebSocket handshake that fails, and proxies, give the status alone.
        if status == HTTPStatus.UNAUTHORIZED:
            return AggregatorAuthenticationError("unauthorized", "the token isn't accepted")
        if status == HTTPStatus.FORBIDDEN:
            return AggregatorScopeError("forbidden", "the token's scope doesn't allow this")
        return AggregatorResponseError(f"HTTP status {status}")


def _api_error(content: Mapping[str, Any]) -> AggregatorApiError:
    error = content.get("error")
    if not isinstance(error, dict) or not {"code", "message"} <= error.keys():
        raise AggregatorResponseError("an error without code and message")
    kinds = {"unauthorized": AggregatorAuthenticationError, "forbidden": AggregatorScopeError}
    code = str(error["code"])
    details = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in error.items()
        if key not in {"code", "message"} and value is not None
    }
    return kinds.get(code, AggregatorApiError)(code, str(error["message"]), details)
