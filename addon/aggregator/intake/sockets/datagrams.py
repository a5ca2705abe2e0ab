"""Takes messages from datagrams, over UDP.

A thread of its own reads them, so that none is lost while the event loop has other work.
"""

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from aggregator import limits
from aggregator.intake.sockets.delivery import Batch, Delivery
from aggregator.intake.sockets.kernel_drops import kernel_drops

_DATAGRAM_BYTES: Final = 65536
_DROPS_INTERVAL_S: Final = 1.0
_MAPPED: Final = "::ffff:"
"""Before an address of IPv4, where a socket takes both."""

type Assemble = Callable[[Batch], Batch]
"""Makes messages of datagrams, of which several may be one."""


class Datagrams:
    """Listens at one port.

    Args:
        delivery: stores messages.
        assemble: makes messages of datagrams, in the thread that reads; None where each is one.
    """

    def __init__(self, delivery: Delivery, assemble: Assemble | None = None) -> None:
        self._delivery = delivery
        self._assemble = assemble
        self._thread: threading.Thread | None = None
        self._wake, self._woken = socket.socketpair()
        self._waiting = deque[tuple[Future[None], int]]()
        self._waiting_bytes = 0
        self._drops = 0
        self._drops_at_s = 0.0

    def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            OSError: the port can't be listened at.
        """
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )
        receiver = socket.socket(family, kind, protocol)
        try:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, limits.RECEIVE_BUFFER_BYTES)
            receiver.settimeout(0)
            receiver.bind(address)
        except OSError:
            receiver.close()
            raise
        self._thread = threading.Thread(target=self._run, args=(receiver,), name="datagrams")
        self._thread.start()

    def stop(self) -> None:
        """Take no more, and store what came. Blocks until it is decoded."""
        self._wake.close()
        if self._thread is not None:
            self._thread.join()
        self._woken.close()
        for future, _ in self._waiting:
            future.result()

    def _run(self, receiver: socket.socket) -> None:
        with receiver, selectors.DefaultSelector() as selector:
            selector.register(receiver, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            is_running = True
            timeout_s = None
            while is_running:
                is_running = all(key.fileobj is receiver for key, _ in selector.select(timeout_s))
                messages, senders = self._collect(receiver, selector)
                if messages:
                    self._hand_over(messages, senders)
                self._count_drops(receiver)
                # What was dropped of the last ones is known a while after them.
                timeout_s = _DROPS_INTERVAL_S if messages else None

    def _collect(
        self, receiver: socket.socket, selector: selectors.BaseSelector
    ) -> tuple[list[bytes], list[bytes]]:
        """Collect datagrams that come close together."""
        messages: list[bytes] = []
        senders: list[bytes] = []
        addresses: dict[str, bytes] = {}
        deadline_s: float | None = None
        while len(messages) < limits.BATCH_MESSAGES:
            try:
                message, (address, *_) = receiver.recvfrom(_DATAGRAM_BYTES)
            except BlockingIOError:
                if not messages:
                    break
                deadline_s = deadline_s or time.monotonic() + limits.BATCH_S
                ready = selector.select(max(0.0, deadline_s - time.monotonic()))
                if not ready or any(key.fileobj is not receiver for key, _ in ready):
                    break
                continue
            messages.append(message)
            if address not in addresses:
                addresses[address] = address.removeprefix(_MAPPED).encode()
            senders.append(addresses[address])
        return messages, senders

    def _hand_over(self, messages: Sequence[bytes], senders: Sequence[bytes]) -> None:
        while self._waiting and self._waiting[0][0].done():
            self._waiting_bytes -= self._waiting.popleft()[1]
        batch = Batch(messages, senders)
        if self._assemble is not None:
            batch = self._assemble(batch)
        if not batch.messages:
            return
        size_bytes = sum(map(len, batch.messages))
        if self._waiting_bytes + size_bytes > limits.WAITING_DATAGRAM_BYTES:
            self._delivery.lost("queue_full", len(batch.messages))
            return
        self._waiting.append((self._delivery.submit(batch), size_bytes))
        self._waiting_bytes += size_bytes

    def _count_drops(self, receiver: socket.socket) -> None:
        now_s = time.monotonic()
        if now_s - self._drops_at_s < _DROPS_INTERVAL_S:
            return
        self._drops_at_s = now_s
        drops = kernel_drops(receiver)
        if drops > self._drops:
            self._delivery.lost("kernel_buffer_full", drops - self._drops)
            self._drops = drops
