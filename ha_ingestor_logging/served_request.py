"""One request that this service has answered: its log line and its metrics, for servers of any kind."""

import time
from dataclasses import dataclass, field
from typing import Final

from ha_ingestor_logging.configuration import get_logger
from ha_ingestor_logging.levels import ERROR, INFO, WARNING
from ha_ingestor_logging.metrics import received_bytes_total, request_duration_seconds, sent_bytes_total

UNMATCHED: Final = "unmatched"
"""The route of a request that none matches: its path is the client's to choose, and without end."""

SLOW_MS: Final = 1000.0
CLIENT_CLOSED: Final = 499
SERVER_ERROR: Final = 500
SWITCHED: Final = 101

_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "WEBSOCKET"}
)
_PEER: Final = "clients"

logger = get_logger("ha_ingestor_logging.requests")


@dataclass(slots=True)
class ServedRequest:
    """One request, filled in while it is served.

    Args:
        method: its HTTP method, or ``WEBSOCKET``.
        slow_ms: from this duration on its line is a WARNING.
        route: the template of its route, never the path itself.
        status: the response's.
        received_bytes: of the request's body.
        sent_bytes: of the response's body; of an aiohttp stream with its headers.
    """

    method: str
    slow_ms: float
    route: str = UNMATCHED
    status: int = SERVER_ERROR
    received_bytes: int = 0
    sent_bytes: int = 0
    _started_s: float = field(default_factory=time.perf_counter)

    def finish(self) -> None:
        """Log and count it, at its end."""
        duration_s = time.perf_counter() - self._started_s
        # Clients may send any word as a method.
        method = self.method if self.method in _METHODS else "other"
        request_duration_seconds.labels(method, self.route, self.status).observe(duration_s)
        received_bytes_total.labels(_PEER).inc(self.received_bytes)
        sent_bytes_total.labels(_PEER).inc(self.sent_bytes)
        duration_ms = round(duration_s * 1000, 3)
        logger.log(
            self._level(duration_ms),
            "%s %s answered with %d",
            method,
            self.route,
            self.status,
            method=method,
            route=self.route,
            status=self.status,
            duration_ms=duration_ms,
            received_bytes=self.received_bytes,
            sent_bytes=self.sent_bytes,
        )

    def _level(self, duration_ms: float) -> int:
        if self.status >= SERVER_ERROR:
            return ERROR
        # A WebSocket is meant to last.
        is_slow = duration_ms >= self.slow_ms and self.status != SWITCHED
        return WARNING if is_slow else INFO
