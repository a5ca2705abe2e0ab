"""How often a part that crashes is started again."""

import time
from collections import deque
from collections.abc import Callable


class RestartLimit:
    """Allows a number of restarts within a span of time.

    Args:
        restarts: how many are allowed within the span.
        span_s: length of the span that ends now.
        clock: tells the time in seconds.
    """

    def __init__(self, restarts: int, span_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._restarts = restarts
        self._span_s = span_s
        self._clock = clock
        self._allowed_at_s: deque[float] = deque()

    def take(self) -> bool:
        """Return whether one more restart is allowed now; it counts if it is."""
        now_s = self._clock()
        while self._allowed_at_s and now_s - self._allowed_at_s[0] >= self._span_s:
            self._allowed_at_s.popleft()
        if len(self._allowed_at_s) >= self._restarts:
            return False
        self._allowed_at_s.append(now_s)
        return True
