"""Stores messages that come by sockets, and counts what became of them."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import structlog

from aggregator import limits
from aggregator.errors import AggregatorError
from aggregator.intake.decoded import Decoded
from aggregator.state import State

_log = structlog.get_logger("aggregator.sockets")

type Decode = Callable[[Sequence[bytes], Sequence[bytes]], Decoded]
"""Makes lines of messages and the addresses of their senders."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that came together.

    Args:
        messages: in their order.
        senders: address of the sender of each.
    """

    messages: Sequence[bytes]
    senders: Sequence[bytes]


class Delivery:
    """Stores the messages of one protocol.

    Args:
        state: the running parts.
        source: the protocol's name, which its lines have as `source`; what is lost is counted by it.
        decode: makes lines, in a thread.
    """

    def __init__(self, state: State, source: str, decode: Decode) -> None:
        self.source = source
        self._state = state
        self._decode = decode

    async def deliver(self, batch: Batch, stopping: asyncio.Event) -> None:
        """Store messages, and wait until that is done: meanwhile their sender is not read from.

        Args:
            batch: the messages.
            stopping: once it is set, what can't be stored at once is lost, and counted.
        """
        loop = asyncio.get_running_loop()
        decoded = await loop.run_in_executor(self._state.intake, self._decoded, batch)
        while decoded.rows:
            try:
                await asyncio.wrap_future(self._state.store.append(decoded.lines, decoded.rows, self.source))
            except AggregatorError as error:
                if stopping.is_set():
                    self.lost(error.code, decoded.rows)
                    return
                await asyncio.sleep(limits.SOCKET_RETRY_S)
            else:
                self._stored(decoded)
                return

    def submit(self, batch: Batch) -> Future[None]:
        """Store messages of a sender that can't be held up: what can't be stored at once is lost.

        Returns:
            What is done when they are decoded, and either lost or on their way to the disk.
        """
        return self._state.intake.submit(self._store, batch)

    def lost(self, reason: str, messages: int) -> None:
        """Count messages that were lost; reasons are named in the code."""
        self._state.self_metrics.lines_refused(self.source, reason, messages)

    def turned_away(self, reason: str) -> None:
        """Count a connection that was not taken or was ended; reasons are named in the code."""
        self._state.self_metrics.request_refused(self.source, reason)

    def _store(self, batch: Batch) -> None:
        decoded = self._decoded(batch)
        if not decoded.rows:
            return
        try:
            stored = self._state.store.append(decoded.lines, decoded.rows, self.source)
        except AggregatorError as error:
            self.lost(error.code, decoded.rows)
            return

        def count(stored: Future[None]) -> None:
            error = stored.exception()
            if error is None:
                self._stored(decoded)
            else:
                self.lost(error.code if isinstance(error, AggregatorError) else "internal", decoded.rows)

        stored.add_done_callback(count)

    def _decoded(self, batch: Batch) -> Decoded:
        try:
            decoded = self._decode(batch.messages, batch.senders)
        except Exception:  # noqa: BLE001 - it is logged and counted
            # Nobody waits for an answer that could tell of it.
            _log.exception("messages lost", source=self.source, messages=len(batch.messages))
            self.lost("internal", len(batch.messages))
            return Decoded(b"", 0, [])
        for reason, count in decoded.refused().items():
            self.lost(reason, count)
        return decoded

    def _stored(self, decoded: Decoded) -> None:
        self._state.self_metrics.lines_taken(self.source, decoded.rows, len(decoded.lines))
