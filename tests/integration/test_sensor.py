"""The sensors: what they say, how they look in the registries, when services appear."""

import asyncio
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.ha_ingestor import async_remove_config_entry_device
from custom_components.ha_ingestor.const import DOMAIN
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from custom_components.ha_ingestor.sensor import HUB_SENSORS, SERVICE_SENSORS
from tests.aggregator_process import AggregatorProcess
from tests.integration.waiting import wait_until


@pytest.fixture
async def two_services(
    hass: HomeAssistant, aggregator: AggregatorProcess, entry: HaIngestorConfigEntry
) -> HaIngestorConfigEntry:
    """A set-up entry; `data-api` has sent ten lines, two of them errors, `event-ingestor` one."""
    now = datetime.now(UTC).isoformat()
    aggregator.send(
        {"service": "event-ingestor", "level": "info", "message": "started", "timestamp": now},
        *(
            {"service": "data-api", "level": level, "message": "written", "timestamp": now}
            for level in ["info"] * 8 + ["error", "critical"]
        ),
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(
        lambda: hass.states.is_state("sensor.ha_ingestor_errors_last_hour", "2"), "the lines are counted"
    )
    await hass.async_block_till_done()
    return entry


async def test_entities_and_devices_are_registered_as_before(
    hass: HomeAssistant,
    two_services: HaIngestorConfigEntry,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    entities = er.async_entries_for_config_entry(entity_registry, two_services.entry_id)
    assert len(entities) == len(HUB_SENSORS) + 2 * len(SERVICE_SENSORS)
    for entity in entities:
        assert entity == snapshot(name=f"{entity.entity_id}-entry")
        state = hass.states.get(entity.entity_id)
        if entity.disabled_by is not None:
            assert state is None
            continue
        assert state is not None
        # Without the state: the figures are the machine's, and other tests look at those that they set.
        assert dict(state.attributes) == snapshot(name=f"{entity.entity_id}-attributes")
    for device in dr.async_entries_for_config_entry(device_registry, two_services.entry_id):
        assert device == snapshot(
            name=f"{device.name}-device", exclude=props("configuration_url", "via_device_id")
        )


async def test_services_are_reached_through_the_aggregator(
    two_services: HaIngestorConfigEntry, device_registry: dr.DeviceRegistry, aggregator: AggregatorProcess
) -> None:
    entry_id = two_services.entry_id
    hub = device_registry.async_get_device_by_identifier((DOMAIN, entry_id), entry_id)
    service = device_registry.async_get_device_by_identifier((DOMAIN, f"{entry_id}_data-api"), entry_id)
    assert hub is not None
    assert service is not None
    assert service.via_device_id == hub.id
    assert hub.configuration_url == aggregator.url


@pytest.mark.usefixtures("two_services")
async def test_figures_are_those_of_the_lines_sent(hass: HomeAssistant) -> None:
    values = {
        entity_id: state.state
        for entity_id in (
            "sensor.ha_ingestor_errors_last_hour",
            "sensor.data_api_errors_last_hour",
            "sensor.data_api_error_rate",
            "sensor.data_api_events_per_second",
            "sensor.event_ingestor_errors_last_hour",
            "sensor.event_ingestor_error_rate",
            "sensor.ha_ingestor_dropped_lines",
        )
        if (state := hass.states.get(entity_id))
    }
    assert values == {
        "sensor.ha_ingestor_errors_last_hour": "2",
        "sensor.data_api_errors_last_hour": "2",
        "sensor.data_api_error_rate": "20.0",
        "sensor.data_api_events_per_second": STATE_UNKNOWN,
        "sensor.event_ingestor_errors_last_hour": "0",
        "sensor.event_ingestor_error_rate": "0.0",
        "sensor.ha_ingestor_dropped_lines": "0",
    }


@pytest.mark.usefixtures("two_services")
async def test_last_seen_is_the_minute_of_the_latest_line(hass: HomeAssistant) -> None:
    state = hass.states.get("sensor.data_api_last_seen")
    assert state is not None
    last_seen = dt_util.parse_datetime(state.state)
    assert last_seen is not None
    assert last_seen.second == 0
    assert 0 <= (dt_util.utcnow() - last_seen).total_seconds() < 120


@pytest.mark.usefixtures("loaded_entry")
async def test_a_service_that_appears_gets_its_device_and_sensors(
    hass: HomeAssistant, aggregator: AggregatorProcess
) -> None:
    assert hass.states.get("sensor.late_errors_last_hour") is None
    await hass.async_add_executor_job(
        aggregator.send, {"service": "late", "level": "error", "message": "here I am"}
    )
    await wait_until(lambda: hass.states.is_state("sensor.late_errors_last_hour", "1"), "the service appears")


async def test_a_service_that_is_not_listed_any_more_is_unavailable_and_comes_back_once_deleted(
    hass: HomeAssistant,
    two_services: HaIngestorConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    coordinator = two_services.runtime_data
    all_services = coordinator.data
    # A day without a line, at once.
    without = {name: service for name, service in all_services.services.items() if name != "data-api"}
    coordinator.async_set_updated_data(replace(all_services, services=without))
    assert hass.states.is_state("sensor.data_api_errors_last_hour", STATE_UNAVAILABLE)
    assert not hass.states.is_state("sensor.event_ingestor_errors_last_hour", STATE_UNAVAILABLE)

    entry_id = two_services.entry_id
    device = device_registry.async_get_device_by_identifier((DOMAIN, f"{entry_id}_data-api"), entry_id)
    assert device is not None
    assert await async_remove_config_entry_device(hass, two_services, device)
    device_registry.async_remove_device(device.id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.data_api_errors_last_hour") is None

    coordinator.async_set_updated_data(all_services)
    await hass.async_block_till_done()
    assert hass.states.is_state("sensor.data_api_errors_last_hour", "2")


@pytest.mark.usefixtures("two_services")
async def test_events_per_second_come_from_the_pushed_counter(
    hass: HomeAssistant, aggregator: AggregatorProcess
) -> None:
    for total in (100, 400):
        # A rate needs reports that are a second apart.
        await asyncio.sleep(1.1)
        await hass.async_add_executor_job(
            aggregator.push_metrics,
            "event-ingestor",
            f"# TYPE ha_ingestor_events_total counter\nha_ingestor_events_total {total}\n",
        )

    def rate() -> float:
        state = hass.states.get("sensor.event_ingestor_events_per_second")
        return float(state.state) if state and state.state != STATE_UNKNOWN else 0.0

    await wait_until(lambda: rate() > 0, "the rate is known")


async def test_what_is_refused_is_told_by_source_and_reason(
    hass: HomeAssistant,
    entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if somebody had switched the quiet ones on.
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    for entity_id in ("sensor.ha_ingestor_refused_lines", "sensor.ha_ingestor_refused_requests"):
        state = hass.states.get(entity_id)
        assert state is not None
        assert state.state == "0"
        assert state.attributes["by_source"] == {}

    def bulk(token: str) -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{aggregator._intake_port}/_bulk",
            data=b'{"delete": {"_index": "a", "_id": "1"}}\n' * 3,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as err:
            with err:
                return err.code

    # Nothing can be deleted by this API.
    assert await hass.async_add_executor_job(bulk, aggregator.token("ingest")) == HTTPStatus.OK
    assert await hass.async_add_executor_job(bulk, "wrong") == HTTPStatus.UNAUTHORIZED
    await wait_until(lambda: hass.states.is_state("sensor.ha_ingestor_refused_lines", "3"), "the lines count")
    await wait_until(
        lambda: hass.states.is_state("sensor.ha_ingestor_refused_requests", "1"), "the request counts"
    )
    lines = hass.states.get("sensor.ha_ingestor_refused_lines")
    assert lines is not None
    assert lines.attributes["by_source"] == {"elasticsearch": {"operation": 3}}
    requests = hass.states.get("sensor.ha_ingestor_refused_requests")
    assert requests is not None
    assert requests.attributes["by_source"] == {"elasticsearch": {"unauthorized": 1}}


async def test_only_states_that_changed_are_written(
    hass: HomeAssistant, two_services: HaIngestorConfigEntry
) -> None:
    def reported() -> set[tuple[str, float]]:
        return {(state.entity_id, state.last_reported_timestamp) for state in hass.states.async_all("sensor")}

    coordinator = two_services.runtime_data
    stats = coordinator.data
    coordinator.async_set_updated_data(stats)
    before = reported()
    changed = replace(stats.services["data-api"], errors_last_hour=99)
    coordinator.async_set_updated_data(replace(stats, services={**stats.services, "data-api": changed}))
    written = {entity_id for entity_id, _ in reported() - before}
    assert written == {"sensor.data_api_errors_last_hour"}
    assert hass.states.is_state("sensor.data_api_errors_last_hour", "99")
