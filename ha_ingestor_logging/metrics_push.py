"""Pushing the metrics to the aggregator."""

import math
import time
from collections.abc import Callable

from ha_ingestor_logging.errand import Errand
from ha_ingestor_logging.errors import DeliveryError


class MetricsPush(Errand):
    """Pushes the metrics at intervals and with each flush.

    Args:
        interval_s: how often; 0 for never.
        exposition: renders the metrics.
        push: sends them; raises a ``DeliveryError`` when they are not taken.
    """

    def __init__(
        self, interval_s: float, exposition: Callable[[], bytes], push: Callable[[bytes], None]
    ) -> None:
        self._interval_s = interval_s
        self._exposition = exposition
        self._push = push
        self._is_on = interval_s > 0
        self._next_s = time.monotonic() + interval_s

    def wait_s(self, *, away: bool) -> float:
        """Seconds until the next push."""
        del away  # the metrics may be taken where lines are not
        return self._next_s - time.monotonic() if self._is_on else math.inf

    def run(self, *, away: bool) -> None:
        """Push if it is time."""
        if self.wait_s(away=away) <= 0:
            self.flush()

    def flush(self) -> None:
        """Push now."""
        if not self._is_on:
            return
        self._next_s = time.monotonic() + self._interval_s
        try:
            self._push(self._exposition())
        except DeliveryError:
            # The next push replaces this one; an aggregator that is away shows by its log lines.
            return

    def after_fork(self) -> None:
        """Push no more: both would do so under the same name, and each replace what the other pushed."""
        self._is_on = False
