"""A queue with bounds on items and bytes that never makes its producers wait.

Producers take no lock, so a log call from a signal handler, a finaliser or just after a fork can't
deadlock. One consumer takes the items out.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ha_ingestor_logging.levels import LEVEL_NAMES

T = TypeVar("T")

# How full the queue may be for an item of each level (TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL)
# to be taken in: what matters least is refused first, so that errors still find room in a flood.
FILL_BY_LEVEL: Final = (0.6, 0.6, 0.8, 0.9, 1.0, 1.0)
# How full it is when its consumer doesn't keep up.
_CROWDED_FILL: Final = 0.25


class BoundedQueue(Generic[T]):
    """Items with a level and a size, in the order in which they came.

    Args:
        items_max: items that are held at most.
        size_max_bytes: bytes that the items may have together, as their producers estimate them.
        wake: called by a producer when the consumer waits; ``None`` wakes the thread in ``wait``.

    ``is_crowded`` says whether the consumer doesn't keep up, as far as is known.
    """

    __slots__ = (
        "_append",
        "_crowded_bytes",
        "_crowded_items",
        "_items",
        "_put_bytes",
        "_refused_by_level",
        "_room_bytes_by_level",
        "_room_items_by_level",
        "_signal",
        "_taken_bytes",
        "_wake",
        "is_crowded",
        "waiting",
    )

    def __init__(self, items_max: int, size_max_bytes: int, wake: Callable[[], None] | None = None) -> None:
        self.set_bounds(items_max, size_max_bytes)
        self._wake = wake or self.wake
        self.reset()

    def set_bounds(self, items_max: int, size_max_bytes: int) -> None:
        """Change the bounds; what is in the queue already stays."""
        self._room_items_by_level = tuple(int(items_max * fill) for fill in FILL_BY_LEVEL)
        self._room_bytes_by_level = tuple(int(size_max_bytes * fill) for fill in FILL_BY_LEVEL)
        self._crowded_items = int(items_max * _CROWDED_FILL)
        self._crowded_bytes = int(size_max_bytes * _CROWDED_FILL)

    def reset(self) -> None:
        """Forget all items and counts, as a forked child must: its parent still has them."""
        self._items: deque[tuple[int, int, T]] = deque()
        self._append = self._items.append
        self._put_bytes = 0
        self._taken_bytes = 0
        self._refused_by_level = [0] * len(FILL_BY_LEVEL)
        self.is_crowded = False
        self._signal = threading.Lock()
        self._signal.acquire()
        self.waiting = True

    def put(self, item: T, level: int, size_bytes: int) -> bool:
        """Append an item, or refuse and count it when there is no room for its level.

        Args:
            item: what to hold.
            level: one of the six levels.
            size_bytes: its size, roughly.
        """
        # No Python call stands between reading and writing a counter, so that threads under the
        # GIL count exactly; without a GIL the bound is approximate and mends itself in ``take``.
        used_bytes = self._put_bytes - self._taken_bytes + size_bytes
        if used_bytes > self._crowded_bytes or len(self._items) >= self._crowded_items:
            self.is_crowded = True
            index = level // 10
            if (
                used_bytes > self._room_bytes_by_level[index]
                or len(self._items) >= self._room_items_by_level[index]
            ):
                self._refused_by_level[index] += 1
                return False
        self._put_bytes += size_bytes
        self._append((level, size_bytes, item))
        if self.waiting:
            self._wake()
        return True

    def put_always(self, item: T, level: int) -> None:
        """Append an item whatever the bounds, as markers need."""
        self._append((level, 0, item))
        if self.waiting:
            self._wake()

    def take(self, size_max_bytes: int | None = None) -> list[tuple[int, T]]:
        """Remove and return (level, item) pairs, oldest first: at least one if there is any.

        Args:
            size_max_bytes: stop before the items are larger than this together; ``None`` takes all
                that are there at the call.
        """
        taken: list[tuple[int, T]] = []
        taken_bytes = 0
        items = self._items
        for _ in range(len(items)):
            if size_max_bytes is not None and taken and taken_bytes + items[0][1] > size_max_bytes:
                break
            level, size_bytes, item = items.popleft()
            taken.append((level, item))
            taken_bytes += size_bytes
        self._taken_bytes += taken_bytes
        if not items:
            self._taken_bytes = self._put_bytes
        self.is_crowded = self.size_bytes > self._crowded_bytes or len(items) >= self._crowded_items
        return taken

    def wait(self, timeout_s: float | None = None) -> None:
        """Return when there is an item, when woken, or after the timeout."""
        self.waiting = True
        if not self._items:
            self._signal.acquire(timeout=-1 if timeout_s is None else max(timeout_s, 0.0))
        self.waiting = False

    def wake(self) -> None:
        """Let the consumer return from ``wait``, now or when it next calls it."""
        self.waiting = False
        if self._signal.locked():
            try:
                self._signal.release()
            except RuntimeError:
                return  # another producer was faster

    def __len__(self) -> int:
        return len(self._items)

    @property
    def size_bytes(self) -> int:
        """The bytes that the items have together."""
        return self._put_bytes - self._taken_bytes

    @property
    def has_room(self) -> bool:
        """Whether it is less than half full."""
        return (
            len(self._items) * 2 < self._room_items_by_level[-1]
            and self.size_bytes * 2 < self._room_bytes_by_level[-1]
        )

    @property
    def refused(self) -> dict[int, int]:
        """How many items were refused, by level."""
        counts = zip(LEVEL_NAMES, self._refused_by_level, strict=True)
        return {level: count for level, count in counts if count}
