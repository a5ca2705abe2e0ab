"""What happens to the entities when the aggregator goes away and comes back."""

import logging
from datetime import timedelta

import pytest
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_TOKEN, STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from custom_components.ha_ingestor import coordinator
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from tests.aggregator_process import AggregatorProcess
from tests.integration.waiting import wait_until

ENTITY = "sensor.ha_ingestor_lines_per_second"


def messages(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == coordinator.__name__ and record.levelno == level
    ]


async def test_a_killed_aggregator_makes_entities_unavailable_once_and_they_come_back(
    hass: HomeAssistant,
    loaded_entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    changes: list[bool] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        assert new is not None
        changes.append(new.state != STATE_UNAVAILABLE)

    unsubscribe = async_track_state_change_event(hass, ENTITY, note)
    caplog.clear()

    await hass.async_add_executor_job(aggregator.kill)
    await wait_until(lambda: hass.states.is_state(ENTITY, STATE_UNAVAILABLE), "unavailable")
    # Several attempts to connect again fail in this time.
    await loaded_entry.runtime_data.async_refresh()
    await loaded_entry.runtime_data.async_refresh()
    errors = messages(caplog, logging.ERROR)
    assert len(errors) == 1
    assert errors[0].startswith("Error fetching HA Ingestor data: The aggregator's figures can't be had")

    await hass.async_add_executor_job(aggregator.start)
    await wait_until(lambda: not hass.states.is_state(ENTITY, STATE_UNAVAILABLE), "available")
    assert messages(caplog, logging.INFO) == ["Fetching HA Ingestor data recovered"]
    assert len(messages(caplog, logging.ERROR)) == 1
    assert changes[0] is False
    assert changes.count(False) == 1
    unsubscribe()


async def test_new_figures_are_pushed_without_a_poll(
    hass: HomeAssistant,
    loaded_entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def poll() -> None:
        raise AssertionError("polled")

    monkeypatch.setattr(loaded_entry.runtime_data, "_async_update_data", poll)
    await hass.async_add_executor_job(
        aggregator.send, {"service": "data-api", "level": "error", "message": "partial write"}
    )
    await wait_until(
        lambda: hass.states.is_state("sensor.ha_ingestor_errors_last_hour", "1"), "the error is counted"
    )


async def test_figures_are_polled_where_no_websocket_gets_through(
    hass: HomeAssistant,
    entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # An interval out of its limits is refused for good, as a proxy without WebSockets would do.
    monkeypatch.setattr(coordinator, "STATS_INTERVAL_S", 0)
    monkeypatch.setattr(coordinator, "POLL_INTERVAL", timedelta(seconds=1))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_add_executor_job(
        aggregator.send, {"service": "data-api", "level": "error", "message": "partial write"}
    )
    await wait_until(
        lambda: hass.states.is_state("sensor.ha_ingestor_errors_last_hour", "1"), "the error is counted"
    )
    assert "The live connection ended" in caplog.text
    assert messages(caplog, logging.ERROR) == []


async def test_a_token_that_is_refused_later_asks_for_a_new_one_and_stops_trying(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    await hass.async_add_executor_job(aggregator.stop)
    token_file = aggregator.token_path("admin")
    token_file.write_text("another-" + loaded_entry.data[CONF_TOKEN])
    await hass.async_add_executor_job(aggregator.start)

    await wait_until(lambda: bool(hass.config_entries.flow.async_progress()), "a new token is asked for")
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert hass.states.is_state(ENTITY, STATE_UNAVAILABLE)
