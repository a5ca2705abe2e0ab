"""One subscription on a live WebSocket connection to the aggregator."""

from typing import TYPE_CHECKING, Any, Final, Self

from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType

from .answers import decoded, json_object
from .errors import (
    AggregatorAuthenticationError,
    AggregatorConnectionError,
    AggregatorResponseError,
    api_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A connection that is silent for this long is pinged; it counts as broken when that stays without an answer.
_SILENCE_S: Final = 20.0
_CLOSE_UNAUTHORIZED: Final = 4401


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
        return decoded(await _receive(self._websocket), self._decode)


async def subscribe(websocket: ClientWebSocketResponse, request: Mapping[str, Any]) -> None:
    """Wait until a new connection is ready and have one subscription accepted.

    Args:
        websocket: opened with the token in its headers.
        request: the request without its `id`.

    Raises:
        AggregatorError: its subclass says what is wrong.
    """
    await _expect(websocket, "ready")
    await websocket.send_json({"id": 1, **request})
    await _expect(websocket, "result")


async def _receive(websocket: ClientWebSocketResponse) -> dict[str, Any]:
    try:
        text = await _receive_text(websocket)
    except ClientError as err:
        raise AggregatorConnectionError(str(err)) from err
    if text is not None:
        content = json_object(text)
        if content.get("type") == "error":
            raise api_error(content)
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
