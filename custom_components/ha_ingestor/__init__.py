"""Logs, errors and metrics of Home Assistant's ingestor services, from the HA Ingestor aggregator."""

from typing import TYPE_CHECKING

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .coordinator import HaIngestorConfigEntry, HaIngestorCoordinator
from .core_log import async_core_log_forwarder, async_forget_core_log, async_forward_core_log
from .entity import async_register_hub, hub_identifier, service_identifier
from .frontend import async_register_card
from .websocket_api import async_register_commands

if TYPE_CHECKING:
    from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [Platform.SENSOR]


async def async_setup(
    hass: HomeAssistant,
    config: ConfigType,  # noqa: ARG001 - the integration interface passes it
) -> bool:
    """Register what all config entries share: the WebSocket commands and the card."""
    async_register_commands(hass)
    await async_register_card(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> bool:
    """Connect to an aggregator and set up its entities."""
    coordinator = HaIngestorCoordinator(hass, entry)
    # Before the aggregator has answered: what Core logs while it starts is kept until it does.
    async_forward_core_log(hass, entry, coordinator.client)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator

    async_register_hub(coordinator)
    version = coordinator.data.version

    @callback
    def update_hub() -> None:
        nonlocal version
        if coordinator.data.version != version:
            version = coordinator.data.version
            async_register_hub(coordinator)

    entry.async_on_unload(coordinator.async_add_listener(update_hub))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_create_background_task(hass, coordinator.async_follow(), name=f"{DOMAIN} live statistics")
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> bool:
    """Unload the entities, stop sending Core's log; Home Assistant cancels the entry's tasks."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded and (forwarder := async_core_log_forwarder(hass, entry)):
        await forwarder.async_stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> None:
    """Let go of what a config entry leaves behind."""
    async_forget_core_log(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant,  # noqa: ARG001 - the integration interface passes it
    entry: HaIngestorConfigEntry,
    device: dr.AnyDeviceEntry,
) -> bool:
    """Allow a service's device to be deleted once the aggregator doesn't list the service any more."""
    coordinator = entry.runtime_data
    listed = {service_identifier(entry.entry_id, service) for service in coordinator.data.services}
    if device.identifiers & (listed | {hub_identifier(entry.entry_id)}):
        return False
    # The service gets its entities anew should it come back.
    coordinator.services_with_entities = {
        service
        for service in coordinator.services_with_entities
        if service_identifier(entry.entry_id, service) not in device.identifiers
    }
    return True
