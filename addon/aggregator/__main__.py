"""Starts the aggregator."""

import asyncio
import logging
import os
import signal
import sys
from typing import Final, NoReturn

import structlog
from aiohttp import web
from structlog.tracebacks import ExceptionDictTransformer

from aggregator import __version__, commands
from aggregator.app import make_app
from aggregator.config import Config, parse
from aggregator.data_lock import locked
from aggregator.errors import AggregatorError
from aggregator.intake.app import make_intake_app
from aggregator.intake.sockets.listeners import Listeners
from aggregator.memory import limit_arenas
from aggregator.state import STATE

_log = structlog.get_logger("aggregator")
_KEEPALIVE_S = 75.0
_STOP_S = 8.0
_SWITCH_S = 0.0005
"""How long a thread keeps the interpreter's lock while others wait: at the usual 5 ms a thread that decodes
would hold up the one that receives, many times a body."""

_END_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    """Run until SIGTERM or SIGINT, or do what the command says that the arguments begin with."""
    limit_arenas()
    sys.setswitchinterval(_SWITCH_S)
    status = commands.run(sys.argv[1:])
    if status is not None:
        sys.exit(status)
    config = parse()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[config.log_level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    try:
        with locked(config.data):
            asyncio.run(_serve(config))
    except (OSError, AggregatorError) as error:
        sys.exit(f"aggregator: {error}")


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _END_SIGNALS:
        loop.add_signal_handler(number, _end_start)
    app = make_app(config)
    runner = _runner(app)
    await runner.setup()
    for number in _END_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    intake_runner = _runner(make_intake_app(app[STATE]))
    listeners = Listeners(app[STATE], config)
    try:
        await intake_runner.setup()
        await web.TCPSite(intake_runner, config.host, config.intake_port).start()
        await listeners.start()
        await web.TCPSite(runner, config.host, config.port).start()
        _log.info(
            "ready",
            version=__version__,
            host=config.host,
            port=config.port,
            intake_port=config.intake_port,
            data=str(config.data),
        )
        await stop.wait()
        _log.info("stopping")
    finally:
        await listeners.stop()
        await intake_runner.cleanup()
        await runner.cleanup()


def _end_start() -> NoReturn:
    """End at once: no port is open yet, and the next start finds the store as this one did."""
    _log.info("stopped before it was ready")
    # The thread that opens the store may wait for its disk, and nothing can interrupt it.
    os._exit(0)


def _runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        # For those that `ends_with_client` marks.
        handler_cancellation=True,
        keepalive_timeout=_KEEPALIVE_S,
        shutdown_timeout=_STOP_S,
    )


if __name__ == "__main__":
    main()
