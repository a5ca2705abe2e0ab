"""How long things take: as a log line and as a histogram."""

import time
from asyncio import CancelledError
from types import TracebackType
from typing import Any, Self

from ha_ingestor_logging.bound_logger import BoundLogger
from ha_ingestor_logging.call_decorator import CallDecorator
from ha_ingestor_logging.configuration import calling_module, get_logger
from ha_ingestor_logging.levels import DEBUG, WARNING, parse_level
from ha_ingestor_logging.metrics import operation_duration_seconds, query_duration_seconds, query_rows_total
from ha_ingestor_logging.resource_usage import ResourceUsage, resource_usage


class timed(CallDecorator):  # noqa: N801 - used as a statement, like contextlib's own
    """Time a block or a function: ``with timed("write batch") as timing:`` or ``@timed("write batch")``.

    Functions may be plain, ``async`` or generators of either kind; a generator's time is that from its
    first step to its end. At the end a line is logged with ``operation``, ``outcome`` (``success``,
    ``error`` or ``cancelled``) and ``duration_ms``, and ``ha_ingestor_operation_duration_seconds`` is
    observed. A block that raises is logged at ERROR with the exception's type and message, one that
    asyncio cancelled at DEBUG; the exception goes on.

    Args:
        operation: what is timed. It becomes a metric's label, so let it be one of a few names.
        message: the line's message; by default the operation and its outcome.
        level: the level of a block that succeeds.
        slow_ms: from this duration on the line is at least a WARNING, with ``slow_threshold_ms``.
        resources: whether to add ``cpu_ms``, the thread's CPU time (in an ``async`` block other tasks'
            too), and ``memory_delta_bytes``, by how much the process has grown.
        logger: where the line is logged; by default the calling module's logger.
        fields: further fields of the line.
    """

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        operation: str,
        /,
        *,
        message: str | None = None,
        level: str | int = "info",
        slow_ms: float | None = None,
        resources: bool = False,
        logger: BoundLogger | None = None,
        **fields: Any,
    ) -> None:
        self._operation = operation
        self._message = message
        self._level = parse_level(level)
        self._slow_ms = slow_ms
        self._resources = resources
        self._logger = logger or get_logger(calling_module())
        self._fields = fields
        self._started_s = 0.0
        self._usage: ResourceUsage | None = None
        self.duration_s = 0.0

    def add(self, **fields: Any) -> None:
        """Give the line further fields."""
        self._fields.update(fields)

    def __enter__(self) -> Self:
        self._usage = resource_usage() if self._resources else None
        self._started_s = time.perf_counter()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.duration_s = time.perf_counter() - self._started_s
        if isinstance(exc, GeneratorExit):
            # The consumer of a generator has seen enough: no failure.
            exc = None
        is_cancelled = isinstance(exc, CancelledError)
        outcome = "success" if exc is None else "cancelled" if is_cancelled else "error"
        self._observe(outcome)
        duration_ms = round(self.duration_s * 1000, 3)
        fields = {
            **self._fields,
            "operation": self._operation,
            "outcome": outcome,
            "duration_ms": duration_ms,
        }
        if self._usage is not None:
            fields |= self._usage.until(resource_usage())
        level, ending = self._level, "finished"
        if self._slow_ms is not None and duration_ms >= self._slow_ms:
            level, ending = max(level, WARNING), "was slow"
            fields["slow_threshold_ms"] = self._slow_ms
        if is_cancelled:
            # Whoever cancelled a task wanted its end, however long it took.
            self._logger.log(min(self._level, DEBUG), "%s was cancelled", self._operation, **fields)
        elif exc is not None:
            self._logger.error("%s failed", self._operation, exc_info=exc, **fields)
        elif self._message is None:
            self._logger.log(level, "%s %s", self._operation, ending, **fields)
        else:
            self._logger.log(level, self._message, **fields)

    def _observe(self, outcome: str) -> None:
        operation_duration_seconds.labels(self._operation, outcome).observe(self.duration_s)

    def _again(self) -> "timed":
        return timed(
            self._operation,
            message=self._message,
            level=self._level,
            slow_ms=self._slow_ms,
            resources=self._resources,
            logger=self._logger,
            **self._fields,
        )


class timed_query(timed):  # noqa: N801 - used as a statement, like contextlib's own
    """Time a call to a database: ``with timed_query("postgres", "read users") as query: query.rows = 3``.

    Its line is like that of ``timed``, with ``database`` and ``rows``; the metrics are
    ``ha_ingestor_query_duration_seconds`` and ``ha_ingestor_query_rows_total``. The query itself
    isn't logged: it may hold what must not be seen.

    Args:
        database: which database; a metric's label.
        operation: what is asked of it, as one of a few names; a metric's label.
        rows: rows that it takes or gives, when that is known before.
        level: the level of a call that succeeds.
        slow_ms: from this duration on the line is at least a WARNING.
        logger: where the line is logged; by default the calling module's logger.
        fields: further fields of the line.
    """

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        database: str,
        operation: str,
        /,
        *,
        rows: int | None = None,
        level: str | int = "debug",
        slow_ms: float | None = 1000.0,
        logger: BoundLogger | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(
            operation, level=level, slow_ms=slow_ms, logger=logger or get_logger(calling_module()), **fields
        )
        self._database = database
        self.rows = rows

    def _observe(self, outcome: str) -> None:
        self.add(database=self._database)
        query_duration_seconds.labels(self._database, self._operation, outcome).observe(self.duration_s)
        if self.rows is not None:
            self.add(rows=self.rows)
            query_rows_total.labels(self._database, self._operation).inc(self.rows)

    def _again(self) -> "timed_query":
        return timed_query(
            self._database,
            self._operation,
            rows=self.rows,
            level=self._level,
            slow_ms=self._slow_ms,
            logger=self._logger,
            **self._fields,
        )
