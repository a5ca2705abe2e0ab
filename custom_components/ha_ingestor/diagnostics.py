"""Diagnostics of a config entry, without secrets."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_TOKEN, CONF_URL

from .core_log import async_core_log_forwarder

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .coordinator import HaIngestorConfigEntry


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant,
    entry: HaIngestorConfigEntry,
) -> dict[str, Any]:
    """Return the entry's data and options, the latest statistics, and how sending Core's log goes."""
    coordinator = entry.runtime_data
    forwarder = async_core_log_forwarder(hass, entry)
    return {
        "entry": async_redact_data(entry.data, {CONF_TOKEN, CONF_URL}),
        "options": dict(entry.options),
        "connected": coordinator.last_update_success,
        "core_log": None if forwarder is None else forwarder.diagnostics(),
        "stats": asdict(coordinator.data),
    }
