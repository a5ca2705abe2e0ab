"""Sensors of the aggregator and of each service that sends to it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfInformation, UnitOfRatio
from homeassistant.core import HomeAssistant, callback

from .entity import HaIngestorEntity, HubEntity, ServiceEntity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
    from homeassistant.helpers.typing import StateType

    from .coordinator import HaIngestorConfigEntry
    from .models import ServiceStats, Stats

PARALLEL_UPDATES = 0


class SensorKey(StrEnum):
    """Keys of the sensors; part of their unique IDs."""

    DROPPED = "dropped"
    ERROR_RATE = "error_rate"
    ERRORS_LAST_HOUR = "errors_last_hour"
    EVENTS_PER_SECOND = "events_per_second"
    HOST_CPU = "host_cpu"
    HOST_DISK = "host_disk"
    HOST_MEMORY = "host_memory"
    LAST_SEEN = "last_seen"
    LINES_PER_SECOND = "lines_per_second"
    STORE_SIZE = "store_size"


@dataclass(frozen=True, kw_only=True)
class HubSensorDescription(SensorEntityDescription):
    """Describes a sensor of the aggregator."""

    value_fn: Callable[[Stats], StateType]


@dataclass(frozen=True, kw_only=True)
class ServiceSensorDescription(SensorEntityDescription):
    """Describes a sensor of a service."""

    value_fn: Callable[[ServiceStats], StateType | datetime]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


# Rounded: the recorder stores a row for each change, and further digits say nothing.
HUB_SENSORS: tuple[HubSensorDescription, ...] = (
    HubSensorDescription(
        key=SensorKey.LINES_PER_SECOND,
        translation_key=SensorKey.LINES_PER_SECOND,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda stats: round(stats.totals.lines_per_s, 2),
    ),
    HubSensorDescription(
        key=SensorKey.ERRORS_LAST_HOUR,
        translation_key=SensorKey.ERRORS_LAST_HOUR,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda stats: stats.totals.errors_last_hour,
    ),
    HubSensorDescription(
        key=SensorKey.STORE_SIZE,
        translation_key=SensorKey.STORE_SIZE,
        device_class=SensorDeviceClass.DATA_SIZE,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfInformation.BYTES,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        suggested_unit_of_measurement=UnitOfInformation.MEGABYTES,
        value_fn=lambda stats: stats.store_size_bytes,
    ),
    HubSensorDescription(
        key=SensorKey.HOST_CPU,
        translation_key=SensorKey.HOST_CPU,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda stats: round(stats.host.cpu_percent, 1),
    ),
    HubSensorDescription(
        key=SensorKey.HOST_MEMORY,
        translation_key=SensorKey.HOST_MEMORY,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda stats: round(stats.host.memory_percent, 1),
    ),
    HubSensorDescription(
        key=SensorKey.HOST_DISK,
        translation_key=SensorKey.HOST_DISK,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda stats: round(stats.host.disk_percent, 1),
    ),
    HubSensorDescription(
        key=SensorKey.DROPPED,
        translation_key=SensorKey.DROPPED,
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda stats: stats.totals.dropped,
    ),
)

SERVICE_SENSORS: tuple[ServiceSensorDescription, ...] = (
    ServiceSensorDescription(
        key=SensorKey.EVENTS_PER_SECOND,
        translation_key=SensorKey.EVENTS_PER_SECOND,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda service: _rounded(service.events_per_s, 2),
    ),
    ServiceSensorDescription(
        key=SensorKey.LINES_PER_SECOND,
        translation_key=SensorKey.LINES_PER_SECOND,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda service: round(service.lines_per_s, 2),
    ),
    ServiceSensorDescription(
        key=SensorKey.ERROR_RATE,
        translation_key=SensorKey.ERROR_RATE,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda service: _rounded(service.error_percent, 1),
    ),
    ServiceSensorDescription(
        key=SensorKey.ERRORS_LAST_HOUR,
        translation_key=SensorKey.ERRORS_LAST_HOUR,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda service: service.errors_last_hour,
    ),
    ServiceSensorDescription(
        key=SensorKey.LAST_SEEN,
        translation_key=SensorKey.LAST_SEEN,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        # Whole minutes: a busy service would otherwise add a recorder row at every update.
        value_fn=lambda service: service.last_seen.replace(second=0, microsecond=0),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,  # noqa: ARG001 - the platform interface passes it
    entry: HaIngestorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the aggregator's sensors, and those of each service when it first appears."""
    coordinator = entry.runtime_data
    async_add_entities(HubSensor(coordinator, description) for description in HUB_SENSORS)

    @callback
    def add_new_services() -> None:
        new = coordinator.data.services.keys() - coordinator.services_with_entities
        if new:
            coordinator.services_with_entities |= new
            async_add_entities(
                ServiceSensor(coordinator, service, description)
                for service in sorted(new)
                for description in SERVICE_SENSORS
            )

    add_new_services()
    entry.async_on_unload(coordinator.async_add_listener(add_new_services))


class _ChangingSensor(HaIngestorEntity, SensorEntity):
    """Writes its state only when that changed: of hundreds of services most have nothing new each time."""

    _written: tuple[bool, object] | None = None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        current = (self.available, self.native_value)
        if current != self._written:
            self._written = current
            super()._handle_coordinator_update()


class HubSensor(HubEntity, _ChangingSensor):
    """A figure of the aggregator."""

    entity_description: HubSensorDescription

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value_fn(self.coordinator.data)


class ServiceSensor(ServiceEntity, _ChangingSensor):
    """A figure of one service."""

    entity_description: ServiceSensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return None if self.stats is None else self.entity_description.value_fn(self.stats)
