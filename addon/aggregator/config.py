"""How the aggregator is started: from arguments and the environment."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregator import __version__

DEFAULT_PORT = 8480
DEFAULT_INTAKE_PORT = 8481
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Config:
    """What the aggregator is started with.

    Args:
        data: folder of the store, the settings and the tokens.
        host: address to listen at.
        port: port to listen at.
        intake_port: port that senders of other log servers are pointed at.
        log_level: least severe of its own lines that it prints.
    """

    data: Path
    host: str
    port: int
    intake_port: int
    log_level: str


def parse(arguments: Sequence[str] | None = None) -> Config:
    """Read the configuration; arguments win over `HA_INGESTOR_…` in the environment.

    Exits with a message when an argument or a variable can't be used.
    """
    parser = argparse.ArgumentParser(
        prog="aggregator",
        description="Takes logs and metrics, stores them, and answers for them.",
        epilog="Commands: aggregator verify (checks the files of a store), "
        "aggregator restore (makes a store of a snapshot); each has --help.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--data", type=Path, default=_variable("DATA", "data"), help="data folder")
    parser.add_argument("--host", default=_variable("HOST", "127.0.0.1"), help="address to listen at")
    parser.add_argument("--port", type=_port, default=_variable("PORT", str(DEFAULT_PORT)), help="port")
    parser.add_argument(
        "--intake-port",
        type=_port,
        default=_variable("INTAKE_PORT", str(DEFAULT_INTAKE_PORT)),
        help="port that senders of other log servers are pointed at",
    )
    parser.add_argument(
        "--log-level", choices=LOG_LEVELS, default=_variable("LOG_LEVEL", "info"), help="own lines to print"
    )
    parsed = parser.parse_args(arguments)
    if parsed.log_level not in LOG_LEVELS:
        parser.error(f"HA_INGESTOR_LOG_LEVEL: {parsed.log_level!r} is none of {', '.join(LOG_LEVELS)}")
    if parsed.intake_port == parsed.port:
        parser.error(f"--intake-port and --port are both {parsed.port}: give each its own")
    return Config(parsed.data, parsed.host, parsed.port, parsed.intake_port, parsed.log_level)


def _variable(name: str, default: str) -> str:
    return os.environ.get(f"HA_INGESTOR_{name}") or default


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 0 < port < 65536:  # noqa: PLR2004 - what a port is
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 … 65535")
    return port
