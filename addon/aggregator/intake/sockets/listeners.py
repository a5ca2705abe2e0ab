"""Opens what takes messages without HTTP, as far as it is wanted."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from aggregator.config import Config, TlsPort
from aggregator.intake import gelf_datagrams
from aggregator.intake.decoded import Decoded
from aggregator.intake.gelf_framing import GelfFraming
from aggregator.intake.sockets.connections import Connections
from aggregator.intake.sockets.datagrams import Assemble, Datagrams
from aggregator.intake.sockets.delivery import Delivery
from aggregator.intake.sockets.framing import Framing
from aggregator.intake.syslog import decoder as syslog
from aggregator.intake.syslog.framing import SyslogFraming
from aggregator.state import State

_log = structlog.get_logger("aggregator.sockets")


class Listeners:
    """The listeners of a running aggregator.

    Args:
        state: its parts, which are closed after these.
        config: where to listen.
    """

    def __init__(self, state: State, config: Config) -> None:
        self._state = state
        self._sockets = config.sockets
        self._host = config.sockets.host or config.host
        self._connections: list[Connections] = []
        self._datagrams: list[Datagrams] = []

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: a port can't be listened at, or the certificate can't be used.
        """
        sockets = self._sockets
        zone = sockets.syslog_zone

        def decode(messages: Sequence[bytes], senders: Sequence[bytes]) -> Decoded:
            return syslog.decode(messages, senders, syslog.Clock(datetime.now(UTC), zone))

        delivery = Delivery(self._state, "syslog", decode)
        if sockets.syslog_udp_port is not None:
            self._receive(delivery, sockets.syslog_udp_port)
        if sockets.syslog_tcp_port is not None:
            await self._connect(delivery, SyslogFraming, sockets.syslog_tcp_port)
        if sockets.syslog_tls is not None:
            tls = _context(sockets.syslog_tls)
            await self._connect(delivery, SyslogFraming, sockets.syslog_tls.port, tls)
        delivery = Delivery(self._state, "gelf", gelf_datagrams.decode)
        if sockets.gelf_udp_port is not None:
            self._receive(delivery, sockets.gelf_udp_port, gelf_datagrams.Assembly(delivery.lost))
        if sockets.gelf_tcp_port is not None:
            await self._connect(delivery, GelfFraming, sockets.gelf_tcp_port)

    async def stop(self) -> None:
        """Take no more, and store what came."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(connections.stop() for connections in self._connections),
            *(loop.run_in_executor(None, datagrams.stop) for datagrams in self._datagrams),
        )

    def _receive(self, delivery: Delivery, port: int, assemble: Assemble | None = None) -> None:
        datagrams = Datagrams(delivery, assemble)
        datagrams.start(self._host, port)
        self._datagrams.append(datagrams)
        self._tell(delivery, "udp", port)

    async def _connect(
        self, delivery: Delivery, frame: Callable[[], Framing], port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        connections = Connections(delivery, frame)
        await connections.start(self._host, port, tls)
        self._connections.append(connections)
        self._tell(delivery, "tls" if tls else "tcp", port)

    def _tell(self, delivery: Delivery, transport: str, port: int) -> None:
        _log.info("listening", protocol=delivery.source, transport=transport, host=self._host, port=port)


def _context(port: TlsPort) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        tls.load_cert_chain(port.certificate, port.key)
    except OSError as error:
        raise OSError(f"{port.certificate} and {port.key} can't be used for TLS: {error}") from error
    return tls
