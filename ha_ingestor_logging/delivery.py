"""Delivery to the aggregator: batches and retries, and the metrics by the same connection."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from ha_ingestor_logging.aggregator_client import AggregatorClient
from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.errors import (
    AggregatorUnavailableError,
    DeliveryError,
    RequestRefusedError,
    RequestTooLargeError,
    TokenRefusedError,
)
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import CRITICAL, ERROR, INFO, WARNING
from ha_ingestor_logging.output import DropCounts, Line
from ha_ingestor_logging.settings import Settings
from ha_ingestor_logging.worker import Worker

_FIRST_DELAY_S: Final = 0.5
_DELAY_MAX_S: Final = 30.0
_RETRY_AFTER_MAX_S: Final = 300.0
# What a queued line holds in memory besides its bytes, roughly.
_LINE_OVERHEAD_BYTES: Final = 150
# One failure alone is usually a kept connection that the aggregator closed.
_FAILURES_UNTIL_REPORTED: Final = 2
_STOP_TIMEOUT_S: Final = 1.0


class Report(Protocol):
    """Logs a line of the library's own."""

    def __call__(self, level: int, message: str, /, **fields: object) -> None:
        """Log ``message`` with ``fields``."""


class HttpDelivery:
    """Sends lines to the aggregator in compressed batches, in a thread of its own.

    A batch is sent until the aggregator has stored it; each line's ``uid`` lets the aggregator store
    it once. While the aggregator is away, lines wait within a bound.

    Args:
        settings: URL, token, bounds and intervals.
        exposition: renders the metrics to push.
        report: logs what becomes of the connection.
    """

    def __init__(self, settings: Settings, exposition: Callable[[], bytes], report: Report) -> None:
        self._settings = settings
        self._exposition = exposition
        self._report = report
        self._worker = Worker("ha-ingestor-delivery", self._cycle)
        self._queue: BoundedQueue[bytes | FlushMarker] = BoundedQueue(
            settings.delivery_size_bytes // _LINE_OVERHEAD_BYTES, settings.delivery_size_bytes
        )
        self._dropped: Counter[tuple[str, int]] = Counter()
        self._sending: list[Line] = []
        self._flushing: set[FlushMarker] = set()
        self._pushing = settings.metrics_interval_s > 0
        self._connect()
        self.delivered = 0
        self.faulty = 0
        self.retries = 0

    def _connect(self) -> None:
        settings = self._settings
        self._client = AggregatorClient(settings.url or "", settings.token or "", settings.request_timeout_s)
        self._hurry = threading.Event()
        self._failures = 0
        self._reported: str | None = None
        self.failure: str | None = None
        self._next_push_s = time.monotonic() + settings.metrics_interval_s

    def start(self) -> None:
        """Start the thread, so that metrics are pushed even when nothing is logged."""
        self._worker.ensure_running()

    def write(self, lines: list[Line]) -> None:
        """Queue lines; what finds no room is dropped and counted."""
        for level, line in lines:
            self._queue.put(line, level, len(line) + _LINE_OVERHEAD_BYTES)
        self._worker.ensure_running()

    def flush(self, marker: FlushMarker) -> None:
        """Send what waits without further delay, then the metrics; not waited for with a refused token."""
        self._flushing.add(marker)
        self._queue.put_always(marker, CRITICAL)
        self._hurry.set()
        self._worker.ensure_running()

    def close(self) -> None:
        """Stop, and count what was not delivered as dropped."""
        self._worker.stopping = True
        self._hurry.set()
        self._queue.wake()
        self._worker.stop(_STOP_TIMEOUT_S)
        if self._worker.is_running:
            # It hangs in a request, of which nobody will learn how it ended.
            self._drop("exit", self._sending)
        self._drop("exit", [(level, item) for level, item in self._queue.take() if isinstance(item, bytes)])
        self._client.close()

    def after_fork(self) -> None:
        """Leave the parent's lines, metrics and connection to the parent."""
        # Both would push under the same name, and each would replace what the other pushed.
        self._pushing = False
        self._queue.reset()
        self._flushing.clear()
        self._dropped.clear()
        self._worker.after_fork()
        self._connect()

    @property
    def dropped(self) -> DropCounts:
        """The lines that the aggregator never got."""
        return {
            **self._dropped,
            **{("delivery_full", level): count for level, count in self._queue.refused.items()},
        }

    @property
    def has_room(self) -> bool:
        """Whether less than half of the room is taken."""
        return self._queue.has_room

    def _cycle(self) -> None:
        self._queue.wait(self._next_push_s - time.monotonic() if self._pushing else None)
        if self._queue:
            self._pause(self._settings.batch_interval_s)
            self._send_waiting()
        if self._pushing and time.monotonic() >= self._next_push_s:
            self._push_metrics()

    def _pause(self, delay_s: float) -> None:
        self._hurry.wait(delay_s)
        self._hurry.clear()

    def _send_waiting(self) -> None:
        while taken := self._queue.take(self._settings.batch_size_bytes):
            lines: list[Line] = []
            for level, item in taken:
                if isinstance(item, bytes):
                    lines.append((level, item))
                    continue
                self._send(lines)
                lines = []
                self._push_metrics()
                self._pass(item, complete=True)
            self._send(lines)

    def _send(self, lines: list[Line]) -> None:
        """Send lines until they are stored, refused, or the process stops."""
        if not lines:
            return
        self._sending = lines
        batch = b"".join(line for _, line in lines)
        while not self._worker.stopping:
            try:
                receipt = self._client.send_logs(batch)
            except AggregatorUnavailableError as error:
                self._after_failure(error)
                continue
            except RequestTooLargeError:
                self._send_halves(lines)
                return
            except RequestRefusedError as error:
                self._drop("refused", lines)
                self._report(ERROR, "the aggregator refused log lines", lines=len(lines), reason=str(error))
                return
            self._after_success()
            self.delivered += receipt.accepted
            self.faulty += receipt.faulty
            return
        self._drop("exit", lines)

    def _send_halves(self, lines: list[Line]) -> None:
        if len(lines) == 1:
            self._drop("too_large", lines)
            return
        middle = len(lines) // 2
        self._send(lines[:middle])
        self._send(lines[middle:])

    def _after_failure(self, error: AggregatorUnavailableError) -> None:
        self.retries += 1
        self._failures += 1
        self.failure = str(error)
        if isinstance(error, TokenRefusedError):
            self._report_once(ERROR, "the aggregator refuses the token; log lines wait")
            for marker in list(self._flushing):
                self._pass(marker, complete=False)
        elif self._failures >= _FAILURES_UNTIL_REPORTED:
            self._report_once(WARNING, "the aggregator is unavailable; log lines wait")
        delay_s = min(_FIRST_DELAY_S * 2.0 ** min(self._failures - 1, 16), _DELAY_MAX_S)
        # Jitter keeps many services from coming back in the same moment.
        delay_s *= random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
        self._pause(max(delay_s, min(error.retry_after_s or 0.0, _RETRY_AFTER_MAX_S)))

    def _after_success(self) -> None:
        if self._reported:
            self._report(INFO, "the aggregator is available again", failed_attempts=self._failures)
        self._failures = 0
        self._reported = None
        self.failure = None

    def _report_once(self, level: int, message: str) -> None:
        if message != self._reported:
            self._report(level, message, reason=self.failure)
            self._reported = message

    def _pass(self, marker: FlushMarker, *, complete: bool) -> None:
        # One that a refused token has let pass already is still in the queue.
        if marker in self._flushing:
            self._flushing.remove(marker)
            marker.passed(complete=complete)

    def _push_metrics(self) -> None:
        if not self._pushing:
            return
        self._next_push_s = time.monotonic() + self._settings.metrics_interval_s
        try:
            self._client.push_metrics(self._settings.service, self._exposition())
        except DeliveryError:
            # The next push replaces this one; an aggregator that is away shows by its log lines.
            return

    def _drop(self, reason: str, lines: list[tuple[int, bytes]]) -> None:
        self._dropped.update((reason, level) for level, _ in lines)
