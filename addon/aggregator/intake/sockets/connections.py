"""Takes messages from connections, over TCP and TLS.

A sender that is faster than lines are stored is not read from, until they are.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from aggregator import limits
from aggregator.intake.sockets.delivery import Batch, Delivery
from aggregator.intake.sockets.framing import Framing

_READ_BYTES: Final = 128 * 1024
_HANDSHAKE_S: Final = 10.0
_STOP_S: Final = 5.0


class Connections:
    """Listens at one port.

    Args:
        delivery: stores messages.
        frame: makes what takes the stream of a connection apart.
    """

    def __init__(self, delivery: Delivery, frame: Callable[[], Framing]) -> None:
        self._delivery = delivery
        self._frame = frame
        self._server: asyncio.Server | None = None
        self._stopping = asyncio.Event()
        self._open: set[asyncio.Future[None]] = set()
        self._waits: set[asyncio.Timeout] = set()

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Listen.

        Args:
            host: address to listen at.
            port: port to listen at.
            tls: certificate and key; None for TCP alone.

        Raises:
            OSError: the port can't be listened at.
        """
        self._server = await asyncio.start_server(
            self._serve,
            host,
            port,
            limit=_READ_BYTES,
            ssl=tls,
            ssl_handshake_timeout=_HANDSHAKE_S if tls else None,
        )

    async def stop(self) -> None:
        """Take no more, and store what came."""
        if self._server is not None:
            self._server.close()
        self._stopping.set()
        for wait in self._waits:
            wait.reschedule(0)
        if self._open:
            await asyncio.wait(self._open, timeout=_STOP_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= limits.CONNECTIONS:
            self._delivery.turned_away("too_many_connections")
            writer.transport.abort()
            return
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(ended)
        try:
            _keep_alive(writer.get_extra_info("socket"))
            await self._take(reader, str(writer.get_extra_info("peername")[0]).encode())
        finally:
            self._open.remove(ended)
            ended.set_result(None)
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, sender: bytes) -> None:
        """Take messages until the connection ends."""
        framing = self._frame()
        delivering: asyncio.Task[None] | None = None
        is_open = True
        has_come = False
        while is_open:
            messages, is_open = await self._collect(reader, framing, has_come=has_come)
            has_come = True
            if delivering is not None:
                await delivering
            if messages:
                batch = Batch(messages, [sender] * len(messages))
                delivering = asyncio.create_task(self._delivery.deliver(batch, self._stopping))
        if delivering is not None:
            await delivering

    async def _collect(
        self, reader: asyncio.StreamReader, framing: Framing, *, has_come: bool
    ) -> tuple[list[bytes], bool]:
        """Collect messages that come close together.

        Returns:
            The messages, and whether more may come.
        """
        loop = asyncio.get_running_loop()
        patience_s = limits.CONNECTION_IDLE_S if has_come else limits.CONNECTION_SILENT_S
        messages: list[bytes] = []
        size_bytes = 0
        deadline_s: float | None = None
        too_long = framing.too_long
        is_open = True
        is_last = self._stopping.is_set()
        while is_open and len(messages) < limits.BATCH_MESSAGES and size_bytes < limits.BATCH_BYTES:
            if messages and deadline_s is None:
                deadline_s = loop.time() + limits.BATCH_S
            within_s = limits.MESSAGE_S if framing.is_within else patience_s
            # What was received already is read without waiting.
            until_s = 0 if is_last else deadline_s or loop.time() + within_s
            try:
                data = await self._read(reader, until_s)
            except TimeoutError:
                if messages and not is_last:
                    break
                if not self._stopping.is_set():
                    self._delivery.turned_away("timeout")
                data = b""
            except OSError:
                # The sender is gone; TLS tells so too.
                data = b""
            size_bytes += len(data)
            is_open = bool(data)
            messages += framing.take(data) if data else framing.end()
        if framing.too_long > too_long:
            self._delivery.lost("too_long", framing.too_long - too_long)
        return messages, is_open and not is_last

    async def _read(self, reader: asyncio.StreamReader, until_s: float) -> bytes:
        """Read what comes until a time of the loop's clock, or until the listener stops."""
        async with asyncio.timeout_at(until_s) as wait:
            self._waits.add(wait)
            try:
                return await reader.read(_READ_BYTES)
            finally:
                self._waits.remove(wait)


def _keep_alive(connection: socket.socket) -> None:
    """Let the system find out whether the sender is there: some say nothing for hours."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, limits.KEEPALIVE_S)
