"""Writing points in batches to a database that speaks InfluxDB v2."""

import asyncio
import http
import random
from collections.abc import Sequence
from contextlib import closing
from typing import Final

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS, WriteApi
from influxdb_client.rest import ApiException

from event_ingestor.point_buffer import BufferedPoint, PointBuffer
from event_ingestor.settings import Settings
from ha_ingestor_logging import correlation, get_logger, timed
from ha_ingestor_logging.influxdb import watch_client
from ha_ingestor_logging.metrics import (
    batch_points,
    connected,
    errors_total,
    points_written_total,
    write_duration_seconds,
)

_FIRST_DELAY_S: Final = 1.0
_DELAY_MAX_S: Final = 30.0

# The database will never take these points: waiting would only hold up the others.
_REFUSED: Final = frozenset({http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.UNPROCESSABLE_ENTITY})

logger = get_logger()


class DatabaseWriter:
    """Takes points from the buffer and writes them until the database has them.

    Args:
        buffer: where points wait.
        settings: the database and the batches.
    """

    def __init__(self, buffer: PointBuffer, settings: Settings) -> None:
        self._buffer = buffer
        self._settings = settings
        self._failures = 0
        self._unwritten = 0

    @property
    def unwritten(self) -> int:
        """Points that were taken from the buffer and are not in the database yet."""
        return self._unwritten

    async def run(self) -> None:
        """Write batches until the buffer is closed and empty."""
        settings = self._settings
        client = InfluxDBClient(
            url=settings.influxdb_url,
            token=settings.influxdb_token,
            org=settings.influxdb_org,
            timeout=int(settings.write_timeout_s * 1000),
            # Retrying is done here, where it is logged and measured.
            retries=urllib3.Retry(0),
        )
        watch_client(client, "database")
        with closing(client), closing(client.write_api(write_options=SYNCHRONOUS)) as write_api:
            while batch := await self._buffer.take(settings.batch_points, settings.batch_interval_s):
                self._unwritten = len(batch)
                with correlation():
                    await self._write_until_taken(write_api, batch)
                self._unwritten = 0

    async def _write_until_taken(self, write_api: WriteApi, batch: Sequence[BufferedPoint]) -> None:
        while True:
            try:
                await self._write(write_api, batch)
            except ApiException as error:
                errors_total.labels("database").inc()
                connected.labels("database").set(1)
                if error.status in _REFUSED:
                    errors_total.labels("points_refused").inc(len(batch))
                    return
            except (urllib3.exceptions.HTTPError, OSError):
                errors_total.labels("database").inc()
                connected.labels("database").set(0)
            else:
                return
            self._failures += 1
            delay_s = min(_FIRST_DELAY_S * 2.0 ** min(self._failures - 1, 10), _DELAY_MAX_S)
            # Jitter keeps many services from coming back in the same moment.
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret

    async def _write(self, write_api: WriteApi, batch: Sequence[BufferedPoint]) -> None:
        with timed(
            "write batch",
            message="batch written",
            points=len(batch),
            bucket=self._settings.influxdb_bucket,
            correlation_ids=[item.correlation.correlation_id for item in batch],
        ) as timing:
            await asyncio.to_thread(
                write_api.write,
                bucket=self._settings.influxdb_bucket,
                record=[item.point for item in batch],
            )
        write_duration_seconds.observe(timing.duration_s)
        batch_points.observe(len(batch))
        points_written_total.inc(len(batch))
        connected.labels("database").set(1)
        if self._failures:
            logger.info("the database is available again", failed_attempts=self._failures)
            self._failures = 0
