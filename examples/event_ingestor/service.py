"""The service: events in, points out."""

import asyncio
import random
from contextlib import aclosing
from fnmatch import fnmatchcase
from typing import Any, Final

from aiohttp import ClientSession

from event_ingestor.database import DatabaseWriter
from event_ingestor.home_assistant import AuthenticationError, HomeAssistantError, state_changes
from event_ingestor.point_buffer import BufferedPoint, PointBuffer
from event_ingestor.points import MalformedEventError, entity_of, to_point
from event_ingestor.settings import Settings
from ha_ingestor_logging import correlation, get_logger
from ha_ingestor_logging.aiohttp_client import correlation_client_middleware
from ha_ingestor_logging.metrics import errors_total, events_total

_FIRST_DELAY_S: Final = 1.0
_DELAY_MAX_S: Final = 30.0

logger = get_logger()


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Ingest until told to stop, then write what is left.

    Args:
        settings: where events come from and where points go.
        stop: set it to stop.

    Raises:
        AuthenticationError: Home Assistant refused the token, which no retry can mend.
    """
    buffer = PointBuffer(settings.buffer_points)
    writer = DatabaseWriter(buffer, settings)
    reading = asyncio.create_task(_read_events(settings, buffer))
    writing = asyncio.create_task(writer.run())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({reading, writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        reading.cancel()
        await asyncio.wait({reading})
        buffer.close()
        await asyncio.wait({writing}, timeout=settings.stop_timeout_s)
        lost = len(buffer) + writer.unwritten
        if lost:
            errors_total.labels("lost_at_stop").inc(lost)
            logger.error("points were lost: the database did not take them before the stop", points=lost)
        writing.cancel()
        await asyncio.wait({writing})
    for task in (reading, writing):
        if not task.cancelled():
            task.result()


async def _read_events(settings: Settings, buffer: PointBuffer) -> None:
    failures = 0
    async with ClientSession(middlewares=[correlation_client_middleware]) as session:
        while True:
            try:
                events = state_changes(session, settings.home_assistant_url, settings.home_assistant_token)
                async with aclosing(events):
                    async for event in events:
                        failures = 0
                        _process(event, buffer, settings.ignored_entities)
            except AuthenticationError:
                errors_total.labels("authentication").inc()
                raise
            except HomeAssistantError as error:
                failures += 1
                errors_total.labels("home_assistant").inc()
                logger.warning("no connection to Home Assistant", reason=str(error), failed_attempts=failures)
            delay_s = min(_FIRST_DELAY_S * 2.0 ** min(failures - 1, 10), _DELAY_MAX_S)
            # Jitter keeps many services from coming back in the same moment.
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret


def _process(event: dict[str, Any], buffer: PointBuffer, ignored_entities: tuple[str, ...]) -> None:
    with correlation() as current:
        try:
            entity_id = entity_of(event)
            if any(fnmatchcase(entity_id, glob) for glob in ignored_entities):
                return
            point = to_point(event)
        except MalformedEventError:
            errors_total.labels("malformed_event").inc()
            logger.exception("state_changed event refused")
            return
        events_total.inc()
        if point is not None:
            buffer.add(BufferedPoint(point, current))
        logger.info(
            "state_changed event processed",
            entity_id=entity_id,
            domain=entity_id.partition(".")[0],
            stored=point is not None,
        )
