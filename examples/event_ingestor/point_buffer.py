"""Points that wait to be written."""

import asyncio
from collections import deque
from dataclasses import dataclass

from event_ingestor.points import Point
from ha_ingestor_logging import Correlation
from ha_ingestor_logging.metrics import errors_total, queue_depth


@dataclass(frozen=True, slots=True)
class BufferedPoint:
    """A point and the correlation of the event that it came from."""

    point: Point
    correlation: Correlation


class PointBuffer:
    """Holds points until the database takes them; when full, the oldest make room, counted.

    Args:
        points_max: points that are held at most.
    """

    def __init__(self, points_max: int) -> None:
        self._points: deque[BufferedPoint] = deque(maxlen=points_max)
        self._arrived = asyncio.Event()
        self._closed = False
        queue_depth.set_function(lambda: len(self._points))

    def __len__(self) -> int:
        return len(self._points)

    def add(self, point: BufferedPoint) -> None:
        """Append a point."""
        if len(self._points) == self._points.maxlen:
            errors_total.labels("buffer_full").inc()
        self._points.append(point)
        self._arrived.set()

    def close(self) -> None:
        """No more points will come; what is left can still be taken, without waiting."""
        self._closed = True
        self._arrived.set()

    async def take(self, points_max: int, gather_s: float) -> list[BufferedPoint]:
        """Wait for points and remove them, oldest first; empty once closed and drained.

        Args:
            points_max: points to take at most.
            gather_s: how long to wait for more after the first has come.
        """
        await self._arrived.wait()
        if len(self._points) < points_max and not self._closed:
            await asyncio.sleep(gather_s)
        taken = [self._points.popleft() for _ in range(min(points_max, len(self._points)))]
        if not self._points and not self._closed:
            self._arrived.clear()
        return taken
