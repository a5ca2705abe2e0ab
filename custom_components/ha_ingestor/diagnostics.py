"""Diagnostics of a config entry, without secrets."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_TOKEN, CONF_URL

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .coordinator import HaIngestorConfigEntry


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant,  # noqa: ARG001 - the platform interface passes it
    entry: HaIngestorConfigEntry,
) -> dict[str, Any]:
    """Return the entry's data and the latest statistics."""
    coordinator = entry.runtime_data
    return {
        "entry": async_redact_data(entry.data, {CONF_TOKEN, CONF_URL}),
        "connected": coordinator.last_update_success,
        "stats": asdict(coordinator.data),
    }
