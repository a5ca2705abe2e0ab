"""Lines that wait for a receiver, compressed soon, so that a bound on memory holds many of them."""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.bounded_queue import FILL_BY_LEVEL
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.output import Line

# What a line holds in memory besides its bytes until it is compressed, and a batch besides its body, roughly.
_LINE_OVERHEAD_BYTES: Final = 150
_BATCH_OVERHEAD_BYTES: Final = 1000
# The share of the room that lines may take before they are compressed, whatever makes a batch otherwise.
_OPEN_SHARE: Final = 0.2


class WaitingLines:
    """Batches and flush markers in their order, for use by several threads.

    None waits for another one longer than it takes to compress a batch. What matters least is refused
    first when room becomes scarce.

    Args:
        size_max_bytes: memory that lines may take, as long as they are compressed where they make a batch.
        batch_size_bytes: lines of one batch, before compression; fewer where the room is small for them.
    """

    def __init__(self, size_max_bytes: int, batch_size_bytes: int) -> None:
        self._size_max_bytes = size_max_bytes
        self._batch_size_bytes = min(batch_size_bytes, int(size_max_bytes * _OPEN_SHARE))
        self.reset()

    def reset(self) -> None:
        """Forget all lines and counts, as a forked child must: its parent still has them."""
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._sealed: deque[Batch | FlushMarker] = deque()
        self._sealed_bytes = 0
        self._open: list[Line] = []
        self._open_bytes = 0
        self._refused: Counter[int] = Counter()

    def put(self, lines: Sequence[Line]) -> None:
        """Take lines, oldest first; refuse and count those for whose level there is no room."""
        lines_bytes = sum(map(len, map(itemgetter(1), lines)))
        with self._lock:
            fits = self.size_bytes + lines_bytes + len(lines) * _LINE_OVERHEAD_BYTES <= (
                self._size_max_bytes * FILL_BY_LEVEL[0]
            )
            if fits and self._open_bytes + lines_bytes <= self._batch_size_bytes:
                self._open += lines
                self._open_bytes += lines_bytes
            else:
                for level, line in lines:
                    self._put_one(level, line)
        self._arrived.set()

    def put_marker(self, marker: FlushMarker) -> None:
        """Take a marker behind all lines so far, whatever the bounds."""
        with self._lock:
            self._seal()
            self._sealed.append(marker)
        self._arrived.set()

    def seal(self) -> None:
        """Make a batch of the lines that make no full one yet."""
        with self._lock:
            self._seal()

    def take(self, size_bytes: int = 0) -> list[Batch | FlushMarker]:
        """Remove batches and markers, oldest first: one, and more until they have a size together.

        Lines that are not sealed yet stay.

        Args:
            size_bytes: the compressed size from which on no further one is taken.
        """
        taken: list[Batch | FlushMarker] = []
        taken_bytes = 0
        with self._lock:
            while self._sealed and (not taken or taken_bytes < size_bytes):
                item = self._sealed.popleft()
                taken.append(item)
                taken_bytes += _held_bytes(item)
            self._sealed_bytes -= taken_bytes
        return taken

    def put_back(self, items: Sequence[Batch | FlushMarker]) -> None:
        """Return what was taken to where it was, whatever the bounds."""
        with self._lock:
            self._sealed.extendleft(reversed(items))
            self._sealed_bytes += sum(map(_held_bytes, items))

    def wait(self, timeout_s: float | None = None) -> None:
        """Return when there is something, when woken, or after the timeout."""
        if not self:
            self._arrived.wait(timeout_s)
        self._arrived.clear()

    def wake(self) -> None:
        """Let whoever waits go on."""
        self._arrived.set()

    def __bool__(self) -> bool:
        return bool(self._sealed or self._open)

    @property
    def size_bytes(self) -> int:
        """The memory that is taken, roughly."""
        return self._sealed_bytes + self._open_bytes + len(self._open) * _LINE_OVERHEAD_BYTES

    @property
    def fill(self) -> float:
        """Which share of the room is taken."""
        return self.size_bytes / self._size_max_bytes

    @property
    def refused(self) -> dict[int, int]:
        """How many lines were refused, by level."""
        return dict(self._refused)

    def _put_one(self, level: int, line: bytes) -> None:
        if self._open and self._open_bytes + len(line) > self._batch_size_bytes:
            self._seal()
        size_bytes = self.size_bytes + len(line) + _LINE_OVERHEAD_BYTES
        if size_bytes > self._size_max_bytes * FILL_BY_LEVEL[level // 10]:
            self._refused[level] += 1
            return
        self._open.append((level, line))
        self._open_bytes += len(line)

    def _seal(self) -> None:
        if self._open:
            batch = Batch.of(self._open)
            self._sealed.append(batch)
            self._sealed_bytes += _held_bytes(batch)
            self._open = []
            self._open_bytes = 0


def _held_bytes(item: Batch | FlushMarker) -> int:
    return len(item.body) + _BATCH_OVERHEAD_BYTES if isinstance(item, Batch) else 0
