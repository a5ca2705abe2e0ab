"""Diagnostics: useful, and without secrets."""

from homeassistant.core import HomeAssistant

from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from tests.aggregator_process import AggregatorProcess
from tests.integration.harness import ClientSessionGenerator, get_diagnostics_for_config_entry


async def test_diagnostics_have_the_figures_but_neither_url_nor_token(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
) -> None:
    aggregator.send({"service": "data-api", "level": "error", "message": "partial write"})
    assert await hass.config_entries.async_setup(entry.entry_id)
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert diagnostics["connected"] is True
    assert diagnostics["entry"] == {"url": "**REDACTED**", "token": "**REDACTED**"}
    assert diagnostics["stats"]["services"]["data-api"]["errors_last_hour"] == 1
    assert aggregator.token("admin") not in str(diagnostics)
    assert aggregator.url not in str(diagnostics)
