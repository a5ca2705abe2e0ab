"""Messages of GELF in datagrams, of which several may carry one.

https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aggregator import limits
from aggregator.errors import InvalidEncodingError, TooLargeError
from aggregator.intake import gelf
from aggregator.intake.compression import sniffed
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.sockets.delivery import Batch

_MAGIC: Final = b"\x1e\x0f"
_ID_BYTES: Final = 8
_NUMBER_AT: Final = len(_MAGIC) + _ID_BYTES
_HEAD_BYTES: Final = _NUMBER_AT + 2
"""A chunk's head: the magic, the message's ID, the number of the chunk, how many there are."""


def decode(messages: Sequence[bytes], _senders: Sequence[bytes]) -> Decoded:
    """Decode messages, compressed by gzip or zlib or not; one that can't be is refused by itself."""
    texts: list[bytes] = []
    errors: list[LineError] = []
    for number, message in enumerate(messages, 1):
        try:
            texts.append(sniffed(message, limits.LINE_BYTES))
        except InvalidEncodingError as error:
            errors.append(LineError(number, error.message, error.code))
        except TooLargeError as error:
            errors.append(LineError(number, error.message, "too_long"))
    decoded = gelf.decode(texts)
    return Decoded(decoded.lines, decoded.rows, [*errors, *decoded.errors])


@dataclass(slots=True)
class _Incomplete:
    """A message of which chunks are missing."""

    count: int
    since_s: float
    chunks: dict[int, bytes] = field(default_factory=dict)
    size_bytes: int = 0


class Assembly:
    """Puts chunks together.

    Args:
        lost: counts messages that are given up, by reason.
        clock: monotonic, s.
    """

    def __init__(self, lost: Callable[[str, int], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._lost = lost
        self._clock = clock
        # The oldest first.
        self._incomplete: dict[tuple[bytes, bytes], _Incomplete] = {}
        self._size_bytes = 0

    def __call__(self, datagrams: Batch) -> Batch:
        """Return the messages that datagrams carry or complete."""
        now_s = self._clock()
        while self._incomplete:
            key, oldest = next(iter(self._incomplete.items()))
            if now_s - oldest.since_s < limits.CHUNKS_S:
                break
            self._give_up(key, "chunks_missing")
        if not any(datagram.startswith(_MAGIC) for datagram in datagrams.messages):
            return datagrams
        messages: list[bytes] = []
        senders: list[bytes] = []
        for datagram, sender in zip(datagrams.messages, datagrams.senders, strict=True):
            message = self._take(datagram, sender, now_s) if datagram.startswith(_MAGIC) else datagram
            if message is not None:
                messages.append(message)
                senders.append(sender)
        return Batch(messages, senders)

    def _take(self, datagram: bytes, sender: bytes, now_s: float) -> bytes | None:
        """Take a chunk; return the message that it completes."""
        head, chunk = datagram[:_HEAD_BYTES], datagram[_HEAD_BYTES:]
        number, count = (head[_NUMBER_AT], head[_NUMBER_AT + 1]) if len(head) == _HEAD_BYTES else (0, 0)
        if not number < count <= limits.CHUNKS:
            self._lost("invalid_chunk", 1)
            return None
        key = (sender, head[len(_MAGIC) : _NUMBER_AT])
        message = self._incomplete.setdefault(key, _Incomplete(count, now_s))
        if message.count != count:
            self._lost("invalid_chunk", 1)
            return None
        if number not in message.chunks:
            message.chunks[number] = chunk
            # A chunk takes more memory than its content.
            message.size_bytes += len(datagram) + limits.CHUNK_EXTRA_BYTES
            self._size_bytes += len(datagram) + limits.CHUNK_EXTRA_BYTES
        if len(message.chunks) == count:
            del self._incomplete[key]
            self._size_bytes -= message.size_bytes
            return b"".join(message.chunks[place] for place in range(count))
        while self._size_bytes > limits.CHUNKED_BYTES:
            self._give_up(next(iter(self._incomplete)), "too_many_chunks")
        return None

    def _give_up(self, key: tuple[bytes, bytes], reason: str) -> None:
        self._size_bytes -= self._incomplete.pop(key).size_bytes
        self._lost(reason, 1)
