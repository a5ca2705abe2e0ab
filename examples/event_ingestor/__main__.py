"""``python -m event_ingestor``."""

import asyncio
import signal
import sys

from event_ingestor.home_assistant import AuthenticationError
from event_ingestor.service import run
from event_ingestor.settings import Settings, SettingsError, load_settings
from ha_ingestor_logging import ConfigurationError, configure, get_logger

logger = get_logger()


async def _run_until_signalled(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)


def main() -> int:
    """Run the service; the exit code is 0 after a clean stop, 1 after a failure, 2 for wrong settings."""
    try:
        configure(service="event-ingestor")
        settings = load_settings()
    except (ConfigurationError, SettingsError) as error:
        sys.stderr.write(f"event_ingestor: {error}\n")
        return 2
    logger.info("event ingestor started", influxdb_bucket=settings.influxdb_bucket)
    try:
        asyncio.run(_run_until_signalled(settings))
    except AuthenticationError:
        logger.exception("event ingestor stopped: check HOME_ASSISTANT_TOKEN")
        return 1
    logger.info("event ingestor stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
