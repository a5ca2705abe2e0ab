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

from .const import DOMAIN, MAX_RETRY_S, MIN_RETRY_S
from .errors import AggregatorApiError, AggregatorConnectionError, AggregatorError

if TYPE_CHECKING:
    from .client import AggregatorClient
    from .coordinator import HaIngestorConfigEntry

ERR_NOT_LOADED: Final = "not_loaded"
ERR_CANNOT_CONNECT: Final = "cannot_connect"
ERR_UNEXPECTED_ANSWER: Final = "unexpected_answer"

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
        _send_error(connection, msg["id"], err)
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
    task = entry.async_create_background_task(
        hass,
        _async_tail(entry.runtime_data.client, connection, msg["id"], msg["query"]),
        name=f"{DOMAIN} tail",
        # The subscription has to be there before the task can end.
        eager_start=False,
    )
    connection.subscriptions[msg["id"]] = task.cancel


async def _async_tail(
    client: AggregatorClient, connection: ActiveConnection, msg_id: int, query: str
) -> None:
    subscribed = False
    retry_s = MIN_RETRY_S
    while True:
        try:
            async with client.tail(query) as live:
                if not subscribed:
                    subscribed = True
                    connection.send_result(msg_id)
                retry_s = MIN_RETRY_S
                async for batch in live:
                    connection.send_event(msg_id, {"rows": batch.rows, "missed": batch.missed})
        except AggregatorError as err:
            if not subscribed:
                connection.subscriptions.pop(msg_id, None)
                _send_error(connection, msg_id, err)
                return
        # A client can't be told of an error once it has its result: it goes on when the aggregator is back.
        await asyncio.sleep(retry_s)
        retry_s = min(2 * retry_s, MAX_RETRY_S)


@callback
def _loaded_entry(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> HaIngestorConfigEntry | None:
    entries: list[HaIngestorConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        if msg.get("entry_id", entry.entry_id) == entry.entry_id:
            return entry
    connection.send_error(
        msg["id"],
        ERR_NOT_LOADED,
        "HA Ingestor isn't set up, or has no connection",
        translation_domain=DOMAIN,
        translation_key=ERR_NOT_LOADED,
        translation_placeholders={},
    )
    return None


@callback
def _send_error(connection: ActiveConnection, msg_id: int, err: AggregatorError) -> None:
    if isinstance(err, AggregatorApiError):
        code, placeholders = err.code, err.details
    elif isinstance(err, AggregatorConnectionError):
        code, placeholders = ERR_CANNOT_CONNECT, {"error": str(err)}
    else:
        code, placeholders = ERR_UNEXPECTED_ANSWER, {"error": str(err)}
    connection.send_error(
        msg_id,
        code,
        str(err),
        translation_domain=DOMAIN,
        translation_key=code,
        translation_placeholders=placeholders,
    )
