"""When to try again after a failed request, and what is said about it."""

import random
import time
from typing import Final

from ha_ingestor_logging.errors import ReceiverUnavailableError, TokenRefusedError
from ha_ingestor_logging.levels import ERROR, INFO, WARNING
from ha_ingestor_logging.output import Report

_FIRST_DELAY_S: Final = 0.5
_DELAY_MAX_S: Final = 30.0
_RETRY_AFTER_MAX_S: Final = 300.0
# One failure alone is usually a kept connection that the aggregator closed.
_FAILURES_UNTIL_REPORTED: Final = 2


class Outage:
    """The failed attempts since the last one that succeeded.

    Args:
        title: what lines call the receiver.
        report: logs its beginning and its end, once each.
    """

    def __init__(self, title: str, report: Report) -> None:
        self._title = title
        self._report = report
        self._reported: str | None = None
        self._failures = 0
        self._next_attempt_s = 0.0
        self.failure: str | None = None

    def failed(self, error: ReceiverUnavailableError) -> None:
        """Take note of a failed attempt and put the next one off."""
        self._failures += 1
        self.failure = str(error)
        if isinstance(error, TokenRefusedError):
            self._report_once(ERROR, f"{self._title} refuses the token; log lines wait")
        elif self._failures >= _FAILURES_UNTIL_REPORTED:
            self._report_once(WARNING, f"{self._title} is unavailable; log lines wait")
        delay_s = min(_FIRST_DELAY_S * 2.0 ** min(self._failures - 1, 16), _DELAY_MAX_S)
        # Jitter keeps many services from coming back in the same moment.
        delay_s *= random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
        asked_s = min(error.retry_after_s or 0.0, _RETRY_AFTER_MAX_S)
        self._next_attempt_s = time.monotonic() + max(delay_s, asked_s)

    def ended(self) -> None:
        """Take note that an attempt succeeded."""
        if self._reported:
            self._report(INFO, f"{self._title} is available again", failed_attempts=self._failures)
        self._failures = 0
        self._reported = None
        self._next_attempt_s = 0.0
        self.failure = None

    @property
    def wait_s(self) -> float:
        """Seconds until the next attempt is due; 0 when there is none to wait for."""
        return max(self._next_attempt_s - time.monotonic(), 0.0) if self._failures else 0.0

    @property
    def is_on(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    def _report_once(self, level: int, message: str) -> None:
        if message != self._reported:
            self._report(level, message, reason=self.failure)
            self._reported = message
