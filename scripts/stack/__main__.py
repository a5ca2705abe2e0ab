"""Runs the whole system in the foreground until it is told to stop."""

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

from stack.errors import StackError
from stack.home_assistant_setup import DASHBOARD
from stack.places import ROOT
from stack.ports import PORTS
from stack.system import Settings, System

_BEGAN = time.monotonic()


def main() -> int:
    """Run the command; return its exit status."""
    try:
        return asyncio.run(_run(_settings()))
    except StackError as error:
        _report(f"error: {error}")
        return 1


def _settings() -> Settings:
    # scripts/run describes the options.
    parser = argparse.ArgumentParser(prog="scripts/run", add_help=False)
    parser.add_argument("--no-home-assistant", dest="with_home_assistant", action="store_false")
    parser.add_argument("--data", type=Path, default=ROOT / ".data")
    parser.add_argument("--aggregator-port", type=_port, default=Settings.aggregator_port)
    parser.add_argument("--intake-port", type=_port, default=Settings.intake_port)
    parser.add_argument("--home-assistant-port", type=_port, default=Settings.home_assistant_port)
    parser.add_argument("--victoria-metrics-port", type=_port, default=Settings.victoria_metrics_port)
    arguments = parser.parse_args()
    arguments.data = arguments.data.absolute()
    return Settings(**vars(arguments))


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if port not in PORTS:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number from 1 to {PORTS[-1]}")
    return port


async def _run(settings: Settings) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    _report(f"data are kept in {settings.data}")
    running = asyncio.create_task(_run_system(settings))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not running.done():
        _report("stopping")
        running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        _report("stopped")
    return 0


async def _run_system(settings: Settings) -> None:
    async with System(settings=settings, report=_report) as system:
        _report("everything is ready; Ctrl-C stops it")
        print()
        if system.access:
            print(f"  Home Assistant  {system.home_assistant.url}/{DASHBOARD}")
            print(f"    user          {system.access.username}")
            print(f"    password      {system.access.password}")
        if system.tokens:
            print(f"  Log intake      {system.intake_url}")
            print(f"  Log search      {system.aggregator.url}/#token={system.tokens.read}")
        if system.victoria_metrics:
            print(f"  Metrics         {system.victoria_metrics.url}/vmui")
        print(flush=True)
        await system.watch()


def _report(text: str) -> None:
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
