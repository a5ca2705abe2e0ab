"""Opens what takes messages without HTTP, as far as it is wanted."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from aggregator.config import Config, TlsPort
from aggregator.intake.decoded import Decoded
from aggregator.intake.sockets.connections import Connections
from aggregator.intake.sockets.datagrams import Datagrams
from aggregator.intake.sockets.delivery import Delivery
from aggregator.intake.syslog import decoder as syslog
from aggregator.intake.syslog.framing import SyslogFraming
from aggregator.state import State

_log = structlog.get_logger("aggregator.sockets")


class Listeners:
    """The listeners of a running aggregator.

    Args:
        state: its parts, which are closed after these.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._connections: list[Connections] = []
        self._datagrams: list[Datagrams] = []

    async def start(self, config: Config) -> None:
        """Listen where the configuration says.

        Raises:
            OSError: a port can't be listened at, or the certificate can't be used.
        """
        sockets = config.sockets
        host = sockets.host or config.host

        def decode(messages: Sequence[bytes], senders: Sequence[bytes]) -> Decoded:
            return syslog.decode(messages, senders, syslog.Clock(datetime.now(UTC), sockets.syslog_zone))

        delivery = Delivery(self._state, "syslog", decode)
        if sockets.syslog_udp_port is not None:
            datagrams = Datagrams(delivery)
            datagrams.start(host, sockets.syslog_udp_port)
            self._datagrams.append(datagrams)
            _log.info(
                "listening", protocol="syslog", transport="udp", host=host, port=sockets.syslog_udp_port
            )
        if sockets.syslog_tcp_port is not None:
            await self._connect(Connections(delivery, SyslogFraming), host, sockets.syslog_tcp_port)
        if sockets.syslog_tls is not None:
            tls = _context(sockets.syslog_tls)
            await self._connect(Connections(delivery, SyslogFraming), host, sockets.syslog_tls.port, tls)

    async def stop(self) -> None:
        """Take no more, and store what came."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(connections.stop() for connections in self._connections),
            *(loop.run_in_executor(None, datagrams.stop) for datagrams in self._datagrams),
        )

    async def _connect(
        self, connections: Connections, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        await connections.start(host, port, tls)
        self._connections.append(connections)
        _log.info("listening", protocol="syslog", transport="tls" if tls else "tcp", host=host, port=port)


def _context(port: TlsPort) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        tls.load_cert_chain(port.certificate, port.key)
    except OSError as error:
        raise OSError(f"{port.certificate} and {port.key} can't be used for TLS: {error}") from error
    return tls
