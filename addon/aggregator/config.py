"""How the aggregator is started: from arguments and the environment."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggregator import __version__

DEFAULT_PORT = 8480
DEFAULT_INTAKE_PORT = 8481
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class TlsPort:
    """A port with TLS.

    Args:
        port: the port.
        certificate: file of the certificate and those that it was signed by, PEM.
        key: file of its key, PEM.
    """

    port: int
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where messages are taken that come without HTTP; without a port they are not.

    Args:
        host: address to listen at; None for that of the other ports.
        syslog_udp_port: of syslog over UDP.
        syslog_tcp_port: of syslog over TCP.
        syslog_tls: of syslog over TLS.
        syslog_zone: of times that name none; None for that of the machine.
        gelf_udp_port: of GELF over UDP.
        gelf_tcp_port: of GELF over TCP.
    """

    host: str | None = None
    syslog_udp_port: int | None = None
    syslog_tcp_port: int | None = None
    syslog_tls: TlsPort | None = None
    syslog_zone: ZoneInfo | None = None
    gelf_udp_port: int | None = None
    gelf_tcp_port: int | None = None


@dataclass(frozen=True, slots=True)
class TailedFiles:
    """Files to follow.

    Args:
        pattern: their paths, absolute, with `*`, `?`, `[…]` and `**` as in a shell.
        service: whose they are; None names each after its file.
    """

    pattern: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What the aggregator reads by itself.

    Args:
        journal: folder of a journal of systemd; None reads none.
        tailed: files to follow.
        docker: folder of Docker's containers; None reads none.
    """

    journal: Path | None = None
    tailed: tuple[TailedFiles, ...] = ()
    docker: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What the aggregator is started with.

    Args:
        data: folder of the store, the settings and the tokens.
        host: address to listen at.
        port: port to listen at.
        intake_port: port that senders of other log servers are pointed at.
        log_level: least severe of its own lines that it prints.
        sockets: where messages are taken that come without HTTP.
        pulled: what the aggregator reads by itself.
    """

    data: Path
    host: str
    port: int
    intake_port: int
    log_level: str
    sockets: Sockets = field(default_factory=Sockets)
    pulled: Pulled = field(default_factory=Pulled)


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
    _add_sockets(parser)
    _add_pulled(parser)
    parsed = parser.parse_args(arguments)
    if parsed.log_level not in LOG_LEVELS:
        parser.error(f"HA_INGESTOR_LOG_LEVEL: {parsed.log_level!r} is none of {', '.join(LOG_LEVELS)}")
    if parsed.intake_port == parsed.port:
        parser.error(f"--intake-port and --port are both {parsed.port}: give each its own")
    tls = None
    if parsed.syslog_tls_port:
        if not (parsed.syslog_tls_certificate and parsed.syslog_tls_key):
            parser.error("--syslog-tls-port needs --syslog-tls-certificate and --syslog-tls-key")
        tls = TlsPort(parsed.syslog_tls_port, parsed.syslog_tls_certificate, parsed.syslog_tls_key)
    sockets = Sockets(
        parsed.tokenless_host,
        parsed.syslog_udp_port,
        parsed.syslog_tcp_port,
        tls,
        parsed.syslog_zone,
        parsed.gelf_udp_port,
        parsed.gelf_tcp_port,
    )
    return Config(
        parsed.data,
        parsed.host,
        parsed.port,
        parsed.intake_port,
        parsed.log_level,
        sockets,
        Pulled(parsed.journal, tuple(parsed.tail or _tailed_by_variable()), parsed.docker),
    )


def _add_sockets(parser: argparse.ArgumentParser) -> None:
    """Add the options for what comes without HTTP; what has no value is off."""
    group = parser.add_argument_group(
        "syslog and GELF",
        "Off unless a port is given. Senders need no token: whoever reaches a port can send.",
    )
    for name, kind, told in (
        ("tokenless-host", str, "address that these ports listen at, by default that of the others"),
        ("syslog-udp-port", _port, "port for syslog over UDP"),
        ("syslog-tcp-port", _port, "port for syslog over TCP"),
        ("syslog-tls-port", _port, "port for syslog over TLS"),
        ("syslog-tls-certificate", Path, "file of the certificate for it, with its chain (PEM)"),
        ("syslog-tls-key", Path, "file of the certificate's key (PEM)"),
        ("syslog-zone", _zone, "time zone of times without one, as Europe/Vienna, by default the machine's"),
        ("gelf-udp-port", _port, "port for GELF over UDP"),
        ("gelf-tcp-port", _port, "port for GELF over TCP"),
    ):
        default = os.environ.get(f"HA_INGESTOR_{name.upper().replace('-', '_')}") or None
        group.add_argument(f"--{name}", type=kind, default=default, help=told)


def _add_pulled(parser: argparse.ArgumentParser) -> None:
    """Add the options for what the aggregator reads by itself; without them it reads nothing."""
    group = parser.add_argument_group("sources that are read", "See docs/sources.md.")
    group.add_argument(
        "--journal",
        type=Path,
        default=_variable("JOURNAL", "") or None,
        metavar="FOLDER",
        help="folder of a journal of systemd, such as /var/log/journal",
    )
    group.add_argument(
        "--docker",
        type=Path,
        default=_variable("DOCKER", "") or None,
        metavar="FOLDER",
        help="folder of Docker's containers, as a rule /var/lib/docker/containers",
    )
    group.add_argument(
        "--tail",
        type=_tailed,
        action="append",
        metavar="[SERVICE=]GLOB",
        help="files to follow, such as nginx=/var/log/nginx/*.log; may be given more than once",
    )


def _tailed(text: str) -> TailedFiles:
    service, is_named, pattern = text.partition("=")
    if not is_named or "/" in service:
        service, pattern = "", text
    return TailedFiles(str(Path(pattern).absolute()), service or None)


def _tailed_by_variable() -> list[TailedFiles]:
    return [_tailed(text) for text in _variable("TAIL", "").split(":") if text]


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time zone such as Europe/Vienna") from None


def _variable(name: str, default: str) -> str:
    return os.environ.get(f"HA_INGESTOR_{name}") or default


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 0 < port < 65536:  # noqa: PLR2004 - what a port is
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 … 65535")
    return port
