"""Rate of a counter from the values that its service reports."""

import math
from collections import deque

from aggregator import limits


class CounterRate:
    """Rate of one counter over the last minute before its latest report."""

    def __init__(self) -> None:
        self._value: float | None = None
        self._increase = 0.0
        # Time in seconds and the increase since the first report, which only grows.
        self._points: deque[tuple[float, float]] = deque()

    def add(self, time_s: float, value: float) -> None:
        """Take a reported value; one that fell means that the service counts from zero again.

        A time before the last one means that the clock was set back: what came before is forgotten.
        """
        if not math.isfinite(value) or value < 0:
            return
        if self._points and time_s < self._points[-1][0]:
            self._points.clear()
            self._value = None
        if self._value is not None:
            self._increase += value - self._value if value >= self._value else value
        self._value = value
        if len(self._points) > 1 and time_s - self._points[-2][0] < limits.RATE_SPACING_S:
            self._points.pop()
        self._points.append((time_s, self._increase))
        while len(self._points) > 2 and self._points[0][0] < time_s - limits.RATE_WINDOW_S:  # noqa: PLR2004
            self._points.popleft()

    def per_s(self, now_s: float) -> float | None:
        """Return the rate per second, or None without two reports or without a recent one."""
        if not self._points:
            return None
        (start_s, start), (end_s, end) = self._points[0], self._points[-1]
        if end_s - start_s < limits.RATE_SPACING_S or now_s - end_s > limits.REPORT_LIFETIME_S:
            return None
        return (end - start) / (end_s - start_s)
