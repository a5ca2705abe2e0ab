"""How long things take: as a log line and as a histogram."""

import time
from types import TracebackType
from typing import Any, Self

from ha_ingestor_logging.bound_logger import BoundLogger
from ha_ingestor_logging.call_decorator import CallDecorator
from ha_ingestor_logging.configuration import calling_module, get_logger
from ha_ingestor_logging.levels import parse_level
from ha_ingestor_logging.metrics import operation_duration_seconds


class timed(CallDecorator):  # noqa: N801 - used as a statement, like contextlib's own
    """Time a block or a function: ``with timed("write batch") as timing:`` or ``@timed("write batch")``.

    At its end a line is logged with ``operation``, ``outcome`` (``success`` or ``error``) and
    ``duration_ms``, and ``ha_ingestor_operation_duration_seconds`` is observed. A block that raises
    is logged at ERROR with the exception's type and message; the exception goes on.

    Args:
        operation: what is timed. It becomes a metric's label, so let it be one of a few names.
        message: the line's message; by default the operation and its outcome.
        level: the level of a block that succeeds.
        logger: where the line is logged; by default the calling module's logger.
        fields: further fields of the line.
    """

    def __init__(
        self,
        operation: str,
        /,
        *,
        message: str | None = None,
        level: str | int = "info",
        logger: BoundLogger | None = None,
        **fields: Any,
    ) -> None:
        self._operation = operation
        self._message = message
        self._level = parse_level(level)
        self._logger = logger or get_logger(calling_module())
        self._fields = fields
        self._started_s = 0.0
        self.duration_s = 0.0

    def add(self, **fields: Any) -> None:
        """Give the line further fields."""
        self._fields.update(fields)

    def __enter__(self) -> Self:
        self._started_s = time.perf_counter()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.duration_s = time.perf_counter() - self._started_s
        failed = exc is not None
        outcome = "error" if failed else "success"
        operation_duration_seconds.labels(self._operation, outcome).observe(self.duration_s)
        fields = {
            **self._fields,
            "operation": self._operation,
            "outcome": outcome,
            "duration_ms": round(self.duration_s * 1000, 3),
        }
        if failed:
            self._logger.error("%s failed", self._operation, exc_info=exc, **fields)
        elif self._message is None:
            self._logger.log(self._level, "%s finished", self._operation, **fields)
        else:
            self._logger.log(self._level, self._message, **fields)

    def _again(self) -> "timed":
        return timed(
            self._operation, message=self._message, level=self._level, logger=self._logger, **self._fields
        )
