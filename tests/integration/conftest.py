"""Home Assistant in the test's process, with a real aggregator beside it."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from syrupy.assertion import SnapshotAssertion

from custom_components.ha_ingestor import coordinator
from custom_components.ha_ingestor.const import DOMAIN
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from tests.aggregator_process import AggregatorProcess
from tests.integration.harness import HomeAssistantSnapshotExtension, MockConfigEntry


def pytest_configure(config: pytest.Config) -> None:
    """Leave Home Assistant's own warnings to Home Assistant: only those of our code are errors."""
    config.addinivalue_line("filterwarnings", "ignore:::homeassistant")


@pytest.fixture(autouse=True)
def _real_environment(socket_enabled: None, enable_custom_integrations: None) -> None:
    """Allow connections to this machine, and integrations of our own."""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open broken connections again at once, push every second."""
    monkeypatch.setattr(coordinator, "STATS_INTERVAL_S", 1)
    monkeypatch.setattr(coordinator, "MIN_RETRY_S", 0.05)
    monkeypatch.setattr(coordinator, "MAX_RETRY_S", 0.2)


@pytest.fixture
def aggregator(tmp_path: Path) -> Generator[AggregatorProcess]:
    """An empty aggregator that answers."""
    process = AggregatorProcess(tmp_path / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def other_aggregator(tmp_path: Path) -> Generator[AggregatorProcess]:
    """A second aggregator that answers."""
    folder = tmp_path / "other"
    folder.mkdir()
    process = AggregatorProcess(folder / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def other_server() -> AsyncGenerator[TestServer]:
    """A web server that is no aggregator but answers everything."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="<html>hello</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app, host="127.0.0.1")
    async with server:
        yield server


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Snapshots that leave out what Home Assistant makes up anew each time."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def entry(hass: HomeAssistant, aggregator: AggregatorProcess) -> HaIngestorConfigEntry:
    """A config entry for the aggregator, not set up yet."""
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title="HA Ingestor (127.0.0.1)",
        entry_id="0123456789abcdef",
        unique_id=(aggregator.data / "id").read_text(),
        data={CONF_URL: aggregator.url, CONF_TOKEN: aggregator.token("admin")},
    )
    config_entry.add_to_hass(hass)
    return cast("HaIngestorConfigEntry", config_entry)


@pytest.fixture
async def loaded_entry(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> HaIngestorConfigEntry:
    """A config entry that is set up."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.fixture
async def component(hass: HomeAssistant) -> None:
    """The integration without a config entry."""
    assert await async_setup_component(hass, DOMAIN, {})
