"""Keeps the aggregator's statistics up to date: pushed while the live connection stands, polled otherwise."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client import AggregatorClient
from .const import DOMAIN, MAX_RETRY_S, MIN_RETRY_S, POLL_INTERVAL, STATS_INTERVAL_S
from .errors import AggregatorAuthenticationError, AggregatorError
from .models import Stats

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOGGER = logging.getLogger(__name__)

type HaIngestorConfigEntry = ConfigEntry[HaIngestorCoordinator]


@callback
def async_create_client(hass: HomeAssistant, data: Mapping[str, Any]) -> AggregatorClient:
    """Make a client on Home Assistant's shared HTTP session.

    Args:
        hass: Home Assistant.
        data: a config entry's data, with the aggregator's URL and token.
    """
    return AggregatorClient(async_get_clientsession(hass), data[CONF_URL], data[CONF_TOKEN])


class HaIngestorCoordinator(DataUpdateCoordinator[Stats]):
    """Holds the latest statistics and translates the client's errors."""

    config_entry: HaIngestorConfigEntry

    def __init__(self, hass: HomeAssistant, entry: HaIngestorConfigEntry) -> None:
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name="HA Ingestor",
            update_interval=POLL_INTERVAL,
            always_update=False,
        )
        self.client = async_create_client(hass, entry.data)
        self.services_with_entities: set[str] = set()

    @override
    async def _async_update_data(self) -> Stats:
        try:
            return await self.client.stats()
        except AggregatorAuthenticationError as err:
            raise ConfigEntryAuthFailed(
                translation_domain=DOMAIN,
                translation_key="authentication_failed",
                translation_placeholders={"error": str(err)},
            ) from err
        except AggregatorError as err:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="update_failed",
                translation_placeholders={"error": str(err)},
            ) from err

    async def async_follow(self) -> None:
        """Take pushed statistics until cancelled, opening the live connection again whenever it breaks.

        Ends only when the token is rejected: a new one reloads the config entry.
        """
        retry_s = MIN_RETRY_S
        while True:
            try:
                async with self.client.follow_stats(STATS_INTERVAL_S) as live:
                    retry_s = MIN_RETRY_S
                    async for stats in live:
                        self._async_take(stats)
            except AggregatorError as err:
                _LOGGER.debug("The live connection ended: %s", err)
                # Tells a broken live connection from an aggregator that is gone or rejects the token;
                # from then on the poll goes by its own interval.
                if retry_s == MIN_RETRY_S or isinstance(err, AggregatorAuthenticationError):
                    await self.async_refresh()
            if isinstance(self.last_exception, ConfigEntryAuthFailed) and not self.last_update_success:
                return
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, MAX_RETRY_S)

    @callback
    def _async_take(self, stats: Stats) -> None:
        if not self.last_update_success:
            _LOGGER.info("Fetching %s data recovered", self.name)
        self.async_set_updated_data(stats)
