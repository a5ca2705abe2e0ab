"""Sends what Home Assistant Core logs to the aggregator, while the config entry's option says so."""

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.hass_dict import HassKey

from .const import CONF_FORWARD_CORE_LOG, DOMAIN
from .core_log_handler import CoreLogHandler, unrecorded
from .core_log_lines import render
from .errors import (
    AggregatorApiError,
    AggregatorConnectionError,
    AggregatorError,
    AggregatorScopeError,
)

if TYPE_CHECKING:
    from .client import AggregatorClient
    from .coordinator import HaIngestorConfigEntry

_LOGGER = logging.getLogger(__name__)

SOURCE: Final = "home_assistant"

_INTERVAL_S: Final = 0.5
"""Looks so often rather than being woken: a record costs the thread that logs it but a place in a list."""

_MIN_RETRY_S: Final = 1.0
_MAX_RETRY_S: Final = 30.0
"""Wait before lines are sent again: doubled after each attempt, up to this."""

_FLUSH_TIMEOUT_S: Final = 3.0
"""How long unloading, and Home Assistant's stop, wait for the last lines."""

_HOPELESS: Final = frozenset(
    {"invalid_body", "invalid_encoding", "invalid_field", "invalid_json", "too_large", "unsupported_encoding"}
)
"""Errors that the same lines would get again and again."""

_FORWARDERS: HassKey[dict[str, CoreLogForwarder]] = HassKey(f"{DOMAIN}_core_log")


class CoreLogForwarder:
    """Takes Core's records by a handler of the root logger, and sends them.

    Args:
        hass: Home Assistant.
        entry: the config entry of the aggregator that gets them.
    """

    def __init__(self, hass: HomeAssistant, entry: HaIngestorConfigEntry) -> None:
        self.handler: Final = CoreLogHandler()
        self.sent = 0
        self._hass = hass
        self._entry = entry
        self._issue_id = f"core_log_refused_{entry.entry_id}"
        self._rendering = threading.Lock()
        self._client: AggregatorClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._forget_stop: CALLBACK_TYPE | None = None
        # For good: a subscription that ends while it is called makes Home Assistant skip the next.
        self._forget_entry = entry.async_on_state_change(self._async_entry_changed)

    def diagnostics(self) -> dict[str, object]:
        """Describe how the sending goes."""
        return {
            "sent": self.sent,
            "dropped": dict(self.handler.dropped),
            "waiting_batches": len(self.handler.batches),
            "waiting_bytes": self.handler.held_bytes,
        }

    @callback
    def async_start(self, client: AggregatorClient) -> None:
        """Take records from now on and send them, with those that were left by the time before.

        Args:
            client: the aggregator's.
        """
        if self._task is not None:
            return
        self._client = client
        logging.root.addHandler(self.handler)
        # Not the config entry's task: it goes on while the entry waits for the aggregator to be set up.
        self._task = self._hass.async_create_background_task(
            self._async_send(client), name=f"{DOMAIN} Core's log"
        )
        self._forget_stop = self._hass.bus.async_listen_once(
            EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_final_write
        )

    async def async_stop(self) -> None:
        """Send what there is, as far as the time allows, and take no more records."""
        if self._task is None or self._client is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        try:
            async with asyncio.timeout(_FLUSH_TIMEOUT_S):
                await self._async_render()
                await self._async_send_batches(self._client)
        except AggregatorError as err:
            self._warn_of_left_lines(str(err))
        except TimeoutError:
            self._warn_of_left_lines(f"not within {_FLUSH_TIMEOUT_S:.0f} s")
        self._async_detach()

    @callback
    def async_close(self) -> None:
        """Let go of everything, also of what waits."""
        self._async_detach()
        self._forget_entry()

    @callback
    def _async_detach(self) -> None:
        """Take and send no more records; those that are there are left for the next start."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        logging.root.removeHandler(self.handler)
        if self._forget_stop is not None:
            self._forget_stop()
            self._forget_stop = None
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)

    @callback
    def _async_entry_changed(self) -> None:
        # An entry that isn't set up yet is never asked to unload itself.
        if self._entry.state is ConfigEntryState.NOT_LOADED:
            self._async_detach()

    async def _async_final_write(self, _event: Event) -> None:
        # Such a subscription has ended when it is called.
        self._forget_stop = None
        await self.async_stop()

    async def _async_send(self, client: AggregatorClient) -> None:
        retry_s = _MIN_RETRY_S
        next_attempt = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_INTERVAL_S)
            # Also while nothing can be sent: rendered and compressed, records take less memory.
            await self._async_render()
            if loop.time() < next_attempt:
                continue
            try:
                await self._async_send_batches(client)
            except AggregatorError as err:
                if retry_s == _MIN_RETRY_S:
                    self._async_report(err)
                next_attempt = loop.time() + retry_s
                retry_s = min(2 * retry_s, _MAX_RETRY_S)
            else:
                if retry_s != _MIN_RETRY_S:
                    _LOGGER.info("Home Assistant's log reaches the aggregator again")
                retry_s = _MIN_RETRY_S

    async def _async_render(self) -> None:
        if self.handler.holds_records:
            await self._hass.async_add_executor_job(self._render)

    def _render(self) -> None:
        # A thread goes on when the task that waits for it is cancelled.
        with self._rendering:
            render(self.handler, self._entry.data[CONF_TOKEN])

    async def _async_send_batches(self, client: AggregatorClient) -> None:
        """Send the batches that wait; each stays until it is on the aggregator's disk or is refused for good.

        Raises:
            AggregatorError: it didn't work, and may later.
        """
        while self.handler.batches:
            batch = self.handler.batches[0]
            try:
                with unrecorded():
                    await client.send_lines(batch.body, SOURCE)
            except AggregatorApiError as err:
                if err.code not in _HOPELESS:
                    raise
                _LOGGER.warning(
                    "The aggregator refused %d lines of Home Assistant's log: %s", batch.lines, err
                )
                self.handler.remove_batch(batch, refused=err.code)
            else:
                self.handler.remove_batch(batch)
                self.sent += batch.lines
                ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)

    def _warn_of_left_lines(self, reason: str) -> None:
        lines = sum(batch.lines for batch in self.handler.batches)
        _LOGGER.warning("The last %d lines of Home Assistant's log couldn't be sent: %s", lines, reason)

    @callback
    def _async_report(self, err: AggregatorError) -> None:
        # That the aggregator is away, or asks for another token, the coordinator says.
        level = logging.DEBUG if isinstance(err, AggregatorConnectionError) else logging.WARNING
        _LOGGER.log(level, "Home Assistant's log can't be sent, and waits: %s", err)
        if isinstance(err, AggregatorScopeError):
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                self._issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key="core_log_refused",
                translation_placeholders={"error": str(err)},
            )


@callback
def async_forward_core_log(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, client: AggregatorClient
) -> None:
    """Begin to send Core's log if the options say so; nothing happens where it has begun already."""
    if not entry.options.get(CONF_FORWARD_CORE_LOG, False):
        async_forget_core_log(hass, entry)
        return
    forwarders = hass.data.setdefault(_FORWARDERS, {})
    if entry.entry_id not in forwarders:
        forwarders[entry.entry_id] = CoreLogForwarder(hass, entry)
    forwarders[entry.entry_id].async_start(client)


@callback
def async_core_log_forwarder(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> CoreLogForwarder | None:
    """Return what sends Core's log for a config entry, `None` where the option is off."""
    return hass.data.get(_FORWARDERS, {}).get(entry.entry_id)


@callback
def async_forget_core_log(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> None:
    """Let go of what is left of Core's log for a config entry whose option is off, or that was removed."""
    if forwarder := hass.data.get(_FORWARDERS, {}).pop(entry.entry_id, None):
        forwarder.async_close()
