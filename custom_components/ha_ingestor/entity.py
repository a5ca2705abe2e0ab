"""The hub's and the services' devices and base entities."""

from typing import TYPE_CHECKING, override

from homeassistant.const import CONF_URL
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import HaIngestorCoordinator

if TYPE_CHECKING:
    from homeassistant.helpers.entity import EntityDescription

    from .models import ServiceStats


def hub_identifier(entry_id: str) -> tuple[str, str]:
    """Name the aggregator's device of a config entry in the device registry."""
    return (DOMAIN, entry_id)


def service_identifier(entry_id: str, service: str) -> tuple[str, str]:
    """Name a service's device of a config entry in the device registry."""
    return (DOMAIN, f"{entry_id}_{service}")


def hub_device_info(coordinator: HaIngestorCoordinator) -> DeviceInfo:
    """Describe the aggregator as a device."""
    entry = coordinator.config_entry
    return DeviceInfo(
        configuration_url=entry.data[CONF_URL],
        entry_type=DeviceEntryType.SERVICE,
        identifiers={hub_identifier(entry.entry_id)},
        manufacturer="HA Ingestor",
        model="Aggregator",
        name="HA Ingestor",
        sw_version=coordinator.data.version,
    )


def service_device_info(coordinator: HaIngestorCoordinator, service: str) -> DeviceInfo:
    """Describe a service as a device."""
    entry_id = coordinator.config_entry.entry_id
    return DeviceInfo(
        entry_type=DeviceEntryType.SERVICE,
        identifiers={service_identifier(entry_id, service)},
        manufacturer="HA Ingestor",
        model="Service",
        name=service,
        via_device_id=dr.async_get_device_id_by_identifier(
            coordinator.hass, hub_identifier(entry_id), config_entry_id=entry_id
        ),
    )


@callback
def async_register_hub(coordinator: HaIngestorCoordinator) -> None:
    """Create the aggregator's device, or bring its version up to date.

    The services' devices point to it, so it has to exist before them.
    """
    dr.async_get(coordinator.hass).async_get_or_create(
        config_entry_id=coordinator.config_entry.entry_id, **hub_device_info(coordinator)
    )


class HaIngestorEntity(CoordinatorEntity[HaIngestorCoordinator]):
    """Base of all entities.

    Args:
        coordinator: the aggregator's.
        description: what the entity shows; its key ends the unique ID.
        owner: begins the unique ID.
        device_info: the device that the entity belongs to.
    """

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: HaIngestorCoordinator,
        description: EntityDescription,
        owner: str,
        device_info: DeviceInfo,
    ) -> None:
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{owner}_{description.key}"
        self._attr_device_info = device_info


class HubEntity(HaIngestorEntity):
    """An entity of the aggregator itself."""

    def __init__(self, coordinator: HaIngestorCoordinator, description: EntityDescription) -> None:
        super().__init__(
            coordinator, description, coordinator.config_entry.entry_id, hub_device_info(coordinator)
        )


class ServiceEntity(HaIngestorEntity):
    """An entity of one service that sends to the aggregator."""

    def __init__(
        self, coordinator: HaIngestorCoordinator, service: str, description: EntityDescription
    ) -> None:
        owner = f"{coordinator.config_entry.entry_id}_{service}"
        super().__init__(coordinator, description, owner, service_device_info(coordinator, service))
        self._service = service

    @property
    def stats(self) -> ServiceStats | None:
        """The service's latest figures, `None` while it isn't listed."""
        return self.coordinator.data.services.get(self._service)

    @property
    @override
    def available(self) -> bool:
        return super().available and self.stats is not None
