"""Home Assistant WebSocket commands for the card: the browser never sees the aggregator or its token."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

import probatio

# The package re-exports these without saying so.
from homeassistant.components.websocket_api import (  # type: ignore[attr-defined]
    ActiveConnection,
    async_register_command,
    async_response,
    require_admin,
    websocket_command,
)
from homeassistant.components.websocket_api.messages import construct_result_message
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .errors import AggregatorApiError, AggregatorConnectionError, AggregatorError

if TYPE_CHECKING:
    from .client import AggregatorClient
    from .coordinator import HaIngestorConfigEntry

_ENTRY_ID: Final = probatio.Optional("entry_id")
_SEARCH_KEYS: Final = ("query", "start", "end", "limit", "order", "cursor")


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register the commands."""
    async_register_command(hass, ws_search)
    async_register_command(hass, ws_tail)


@websocket_command(
    {
        probatio.Required("type"): f"{DOMAIN}/search",
        probatio.Required("query"): str,
        probatio.Optional("start"): str,
        probatio.Optional("end"): str,
        probatio.Optional("limit"): int,
        probatio.Optional("order"): str,
        probatio.Optional("cursor"): str,
        _ENTRY_ID: str,
    }
)
@require_admin
@async_response
async def ws_search(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Search the log; the result is the aggregator's answer."""
    entry = _loaded_entry(hass, connection, msg)
    if entry is None:
        return
    try:
        answer = await entry.runtime_data.client.search({key: msg[key] for key in _SEARCH_KEYS if key in msg})
    except AggregatorError as err:
        connection.send_error(msg["id"], **_error(err))
    else:
        connection.send_message(construct_result_message(msg["id"], answer))


@websocket_command(
    {
        probatio.Required("type"): f"{DOMAIN}/tail",
        probatio.Required("query"): str,
        _ENTRY_ID: str,
    }
)
@require_admin
@callback
def ws_tail(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Follow the records that match a search, until the client unsubscribes or is gone."""
    entry = _loaded_entry(hass, connection, msg)
    if entry is None:
        return
    tail = _Tail(entry.runtime_data.client, connection, msg["id"], msg["query"])
    task = entry.async_create_background_task(
        hass,
        tail.async_follow(),
        name=f"{DOMAIN} tail",
        # The subscription has to be there before the task can end.
        eager_start=False,
    )
    connection.subscriptions[msg["id"]] = task.cancel


class _Tail:
    """A client's subscription to records; it ends with the connection to the aggregator."""

    def __init__(
        self, client: AggregatorClient, connection: ActiveConnection, msg_id: int, query: str
    ) -> None:
        self._client = client
        self._connection = connection
        self._msg_id = msg_id
        self._query = query
        self._subscribed = False

    async def async_follow(self) -> None:
        """Send records until cancelled, or until the aggregator refuses or is gone."""
        try:
            async with self._client.tail(self._query) as live:
                self._subscribed = True
                self._connection.send_result(self._msg_id)
                async for batch in live:
                    self._send_event(rows=batch.rows, missed=batch.missed)
        except AggregatorError as err:
            self._send_error(_error(err))
        except asyncio.CancelledError:
            # The client hasn't left, so it is the config entry that ended.
            if self._msg_id in self._connection.subscriptions:
                self._send_error(_NOT_LOADED)
            raise

    def _send_event(self, **event: Any) -> None:
        self._connection.send_event(self._msg_id, event)

    def _send_error(self, error: dict[str, Any]) -> None:
        if self._subscribed:
            # A command has one result, so it can't be that. The client unsubscribes as ever.
            self._send_event(error=error)
        else:
            self._connection.subscriptions.pop(self._msg_id, None)
            self._connection.send_error(self._msg_id, **error)


@callback
def _loaded_entry(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> HaIngestorConfigEntry | None:
    entries: list[HaIngestorConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        if msg.get("entry_id", entry.entry_id) == entry.entry_id:
            return entry
    connection.send_error(msg["id"], **_NOT_LOADED)
    return None


def _error_payload(code: str, message: str, placeholders: dict[str, str]) -> dict[str, Any]:
    """Describe an error as `ActiveConnection.send_error` takes it and as clients get it."""
    return {
        "code": code,
        "message": message,
        "translation_domain": DOMAIN,
        "translation_key": code,
        "translation_placeholders": placeholders,
    }


def _error(err: AggregatorError) -> dict[str, Any]:
    match err:
        case AggregatorApiError():
            return _error_payload(err.code, str(err), err.details)
        # What the client says of these names the aggregator's address, which stays out of the browser.
        case AggregatorConnectionError():
            return _CANNOT_CONNECT
        case _:
            return _UNEXPECTED_ANSWER


_NOT_LOADED: Final = _error_payload("not_loaded", "HA Ingestor isn't set up, or has no connection", {})
_CANNOT_CONNECT: Final = _error_payload("cannot_connect", "The aggregator doesn't answer", {})
_UNEXPECTED_ANSWER: Final = _error_payload(
    "unexpected_answer", "The aggregator answered something unexpected", {}
)
