"""Sensors of the aggregator and of each service that sends to it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfInformation, UnitOfRatio
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .core_log import async_core_log_forwarder
from .entity import HaIngestorEntity, HubEntity, ServiceEntity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
    from homeassistant.helpers.typing import StateType

    from .coordinator import HaIngestorConfigEntry, HaIngestorCoordinator
    from .core_log import CoreLogForwarder
    from .models import ServiceStats, Stats

PARALLEL_UPDATES = 0

ATTR_BY_REASON: Final = "by_reason"
ATTR_BY_SOURCE: Final = "by_source"


class SensorKey(StrEnum):
    """Keys of the sensors; part of their unique IDs."""

    CORE_LOG_DROPPED = "core_log_dropped"
    DROPPED = "dropped"
    ERROR_RATE = "error_rate"
    ERRORS_LAST_HOUR = "errors_last_hour"
    EVENTS_PER_SECOND = "events_per_second"
    HOST_CPU = "host_cpu"
    HOST_DISK = "host_disk"
    HOST_MEMORY = "host_memory"
    LAST_SEEN = "last_seen"
    LINES_PER_SECOND = "lines_per_second"
    REFUSED_LINES = "refused_lines"
    REFUSED_REQUESTS = "refused_requests"
    STORE_SIZE = "store_size"


@dataclass(frozen=True, kw_only=True)
class HubSensorDescription(SensorEntityDescription):
    """Describes a sensor of the aggregator."""

    value_fn: Callable[[Stats], StateType]
    attributes_fn: Callable[[Stats], dict[str, object]] | None = None


@dataclass(frozen=True, kw_only=True)
class ServiceSensorDescription(SensorEntityDescription):
    """Describes a sensor of a service."""

    value_fn: Callable[[ServiceStats], StateType | datetime]


@dataclass(frozen=True, kw_only=True)
class CoreLogSensorDescription(SensorEntityDescription):
    """Describes a sensor of what sends Home Assistant's log."""

    value_fn: Callable[[CoreLogForwarder], StateType]
    attributes_fn: Callable[[CoreLogForwarder], dict[str, object]]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _total(by_source: Mapping[str, Mapping[str, int]]) -> int:
    return sum(sum(reasons.values()) for reasons in by_source.values())


def _refused_lines(stats: Stats) -> dict[str, Mapping[str, int]]:
    return {name: source.refused_lines for name, source in stats.sources.items() if source.refused_lines}


def _refused_requests(stats: Stats) -> dict[str, Mapping[str, int]]:
    return {
        name: source.refused_requests for name, source in stats.sources.items() if source.refused_requests
    }


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
        attributes_fn=lambda stats: {ATTR_BY_REASON: stats.totals.dropped_by_reason},
    ),
    HubSensorDescription(
        key=SensorKey.REFUSED_LINES,
        translation_key=SensorKey.REFUSED_LINES,
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda stats: _total(_refused_lines(stats)),
        attributes_fn=lambda stats: {ATTR_BY_SOURCE: _refused_lines(stats)},
    ),
    HubSensorDescription(
        key=SensorKey.REFUSED_REQUESTS,
        translation_key=SensorKey.REFUSED_REQUESTS,
        entity_category=EntityCategory.DIAGNOSTIC,
        # Whoever finds the port and has no token makes it rise.
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda stats: _total(_refused_requests(stats)),
        attributes_fn=lambda stats: {ATTR_BY_SOURCE: _refused_requests(stats)},
    ),
)

CORE_LOG_SENSORS: tuple[CoreLogSensorDescription, ...] = (
    CoreLogSensorDescription(
        key=SensorKey.CORE_LOG_DROPPED,
        translation_key=SensorKey.CORE_LOG_DROPPED,
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda forwarder: forwarder.handler.dropped.total(),
        attributes_fn=lambda forwarder: {ATTR_BY_REASON: dict(forwarder.handler.dropped)},
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
    hass: HomeAssistant,
    entry: HaIngestorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the aggregator's sensors, and those of each service when it first appears."""
    coordinator = entry.runtime_data
    async_add_entities(HubSensor(coordinator, description) for description in HUB_SENSORS)
    if forwarder := async_core_log_forwarder(hass, entry):
        async_add_entities(
            CoreLogSensor(coordinator, description, forwarder) for description in CORE_LOG_SENSORS
        )
    else:
        _async_remove_core_log_sensors(hass, entry)

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


@callback
def _async_remove_core_log_sensors(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> None:
    """Remove what the option added, when that is off."""
    registry = er.async_get(hass)
    for description in CORE_LOG_SENSORS:
        unique_id = f"{entry.entry_id}_{description.key}"
        if entity_id := registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id):
            registry.async_remove(entity_id)


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
    _unrecorded_attributes = frozenset({ATTR_BY_REASON, ATTR_BY_SOURCE})

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, object] | None:
        describe = self.entity_description.attributes_fn
        return None if describe is None else describe(self.coordinator.data)


class CoreLogSensor(HubEntity, _ChangingSensor):
    """A figure of what sends Home Assistant's log; looked at whenever the aggregator's figures come.

    Args:
        coordinator: the aggregator's.
        description: what the entity shows.
        forwarder: what sends the log.
    """

    entity_description: CoreLogSensorDescription
    _unrecorded_attributes = frozenset({ATTR_BY_REASON})

    def __init__(
        self,
        coordinator: HaIngestorCoordinator,
        description: CoreLogSensorDescription,
        forwarder: CoreLogForwarder,
    ) -> None:
        super().__init__(coordinator, description)
        self._forwarder = forwarder

    @property
    @override
    def available(self) -> bool:
        # Most of all while the aggregator is away.
        return True

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value_fn(self._forwarder)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, object]:
        return self.entity_description.attributes_fn(self._forwarder)


class ServiceSensor(ServiceEntity, _ChangingSensor):
    """A figure of one service."""

    entity_description: ServiceSensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return None if self.stats is None else self.entity_description.value_fn(self.stats)
