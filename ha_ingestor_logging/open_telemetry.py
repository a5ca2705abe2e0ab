"""The active OpenTelemetry span, where the program uses OpenTelemetry; it is never imported from here."""

import sys
from dataclasses import dataclass
from typing import Final

from ha_ingestor_logging.trace_context import TraceParent, parse_tracestate

_MODULE: Final = "opentelemetry.trace"


@dataclass(frozen=True, slots=True)
class ActiveSpan:
    """Where the running code stands in OpenTelemetry's trace.

    Args:
        parent: the span's IDs and flags.
        tracestate: its trace state as a header's value, if it has any.
    """

    parent: TraceParent
    tracestate: str | None


def is_loaded() -> bool:
    """Whether the program has imported OpenTelemetry."""
    return _MODULE in sys.modules


def active_span() -> ActiveSpan | None:
    """The span that OpenTelemetry holds for the current one, if it is loaded and there is any."""
    trace = sys.modules.get(_MODULE)
    if trace is None:
        return None
    try:
        span = trace.get_current_span().get_span_context()
        if not span.is_valid:
            return None
        parent = TraceParent(f"{span.trace_id:032x}", f"{span.span_id:016x}", int(span.trace_flags))
        return ActiveSpan(parent, parse_tracestate(span.trace_state.to_header()))
    except Exception:  # noqa: BLE001 - half imported, or another version's: then a line has our own IDs
        return None
