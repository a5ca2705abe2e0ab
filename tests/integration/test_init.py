"""Setting up and unloading config entries."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from custom_components.ha_ingestor.const import DOMAIN
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from tests.aggregator_process import AggregatorProcess
from tests.integration.harness import WebSocketGenerator
from tests.integration.waiting import wait_until


def tasks_of_the_integration() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if DOMAIN in task.get_name()]


async def test_setup_is_tried_again_while_the_aggregator_is_away(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    aggregator.kill()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "update_failed"

    await hass.async_add_executor_job(aggregator.start)
    await hass.config_entries.async_reload(entry.entry_id)
    assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_setup_is_tried_again_while_something_else_answers(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, other_server: TestServer
) -> None:
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_URL: str(other_server.make_url("/"))}
    )
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_placeholders == {"error": "expected JSON, got text/html"}


async def test_the_device_shows_the_version_after_the_aggregator_was_updated(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    coordinator = loaded_entry.runtime_data
    coordinator.async_set_updated_data(replace(coordinator.data, version="99.0.0"))
    await hass.async_block_till_done()
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, loaded_entry.entry_id), loaded_entry.entry_id
    )
    assert device is not None
    assert device.sw_version == "99.0.0"


async def test_the_token_is_in_no_log_line(
    hass: HomeAssistant,
    entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_add_executor_job(aggregator.kill)
    await wait_until(lambda: not entry.runtime_data.last_update_success, "the outage is noticed")
    assert "HA Ingestor" in caplog.text
    assert entry.data[CONF_TOKEN] not in caplog.text


async def test_unloading_leaves_no_task_and_no_connection(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry
) -> None:
    assert tasks_of_the_integration() == ["ha_ingestor live statistics"]
    for _ in range(10):
        assert await hass.config_entries.async_unload(loaded_entry.entry_id)
        assert loaded_entry.state is ConfigEntryState.NOT_LOADED
        assert tasks_of_the_integration() == []
        assert await hass.config_entries.async_setup(loaded_entry.entry_id)
    assert tasks_of_the_integration() == ["ha_ingestor live statistics"]


async def test_a_service_device_can_be_deleted_only_when_it_is_not_listed(
    hass: HomeAssistant,
    entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
    device_registry: dr.DeviceRegistry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert await async_setup_component(hass, "config", {})
    aggregator.send({"service": "listed", "message": "hello"})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    gone = device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, f"{entry.entry_id}_gone")}, name="gone"
    )
    devices = {
        str(device.name): device.id
        for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    }
    assert set(devices) == {"HA Ingestor", "listed", "gone"}
    assert devices["gone"] == gone.id

    client = await hass_ws_client(hass)
    deletable = {name: (await client.remove_device(id_))["success"] for name, id_ in devices.items()}
    assert deletable == {"HA Ingestor": False, "listed": False, "gone": True}
