"""Structured logs, correlation and metrics for Home Assistant ingestor services."""

from ha_ingestor_logging.bound_logger import BoundLogger
from ha_ingestor_logging.configuration import configure, flush, get_logger, set_level, shutdown
from ha_ingestor_logging.context_threads import ContextThreadPoolExecutor, in_current_context
from ha_ingestor_logging.correlation import (
    Correlation,
    amend_correlation,
    consumes,
    correlation,
    correlation_from_headers,
    current_correlation,
    new_correlation,
)
from ha_ingestor_logging.errors import ConfigurationError, IngestorLoggingError
from ha_ingestor_logging.exception_fields import ExplainedError
from ha_ingestor_logging.timing import timed, timed_query

__all__ = [
    "BoundLogger",
    "ConfigurationError",
    "ContextThreadPoolExecutor",
    "Correlation",
    "ExplainedError",
    "IngestorLoggingError",
    "amend_correlation",
    "configure",
    "consumes",
    "correlation",
    "correlation_from_headers",
    "current_correlation",
    "flush",
    "get_logger",
    "in_current_context",
    "new_correlation",
    "set_level",
    "shutdown",
    "timed",
    "timed_query",
]
