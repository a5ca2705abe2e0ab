"""Home Assistant's log as the aggregator has it."""

import asyncio
import logging
from collections.abc import Callable, Generator
from typing import Any

import orjson
import pytest
from homeassistant.core import HomeAssistant

from custom_components.ha_ingestor.client import AggregatorClient
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from custom_components.ha_ingestor.core_log_handler import CoreLogHandler
from tests.integration.waiting import TIMEOUT_S


@pytest.fixture
def handler() -> CoreLogHandler:
    return CoreLogHandler()


@pytest.fixture
def logger(handler: CoreLogHandler) -> Generator[logging.Logger]:
    """A logger whose records the handler alone gets."""
    own = logging.getLogger("homeassistant.components.cellar")
    own.addHandler(handler)
    own.propagate = False
    own.setLevel(logging.DEBUG)
    yield own
    own.removeHandler(handler)
    own.propagate = True
    own.setLevel(logging.NOTSET)


async def found(client: AggregatorClient, query: str) -> list[dict[str, Any]]:
    """Return the lines that a search finds, the oldest first."""
    request = {"query": query, "limit": 5000, "order": "asc"}
    rows: list[dict[str, Any]] = orjson.loads(await client.search(request))["rows"]
    return rows


async def wait_for_lines(
    client: AggregatorClient, query: str, enough: Callable[[list[dict[str, Any]]], bool] = bool
) -> list[dict[str, Any]]:
    """Wait until a search finds what is enough."""
    rows: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while not enough(rows := await found(client, query)):  # noqa: ASYNC110 - nothing in this process tells when
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{query}: not within {TIMEOUT_S:.0f} s; seen last: {rows}") from None
    return rows


async def reload(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> None:
    """Unload a config entry and set it up again."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
