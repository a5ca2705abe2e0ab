"""Which request or job the running code works for: the IDs that every log line carries."""

import re
from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final

from ha_ingestor_logging.call_decorator import CallDecorator
from ha_ingestor_logging.trace_context import (
    SAMPLED,
    TraceParent,
    new_span_id,
    new_trace_id,
    parse_traceparent,
)

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
CORRELATION_ID: Final = "X-Correlation-ID"
REQUEST_ID: Final = "X-Request-ID"

# Foreign IDs are taken only as short printable words: they end up in headers and on screens.
_SAFE_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
# The standard asks to pass on at least 512 characters of tracestate.
_SAFE_TRACESTATE: Final = re.compile(r"[\x20-\x7e]{1,512}")


@dataclass(frozen=True, slots=True)
class Correlation:
    """The IDs of one request or job.

    Args:
        correlation_id: what people search for; the trace ID unless the caller gave another.
        trace_id: 32 lowercase hex digits.
        span_id: 16 lowercase hex digits: this program's part in the trace.
        request_id: the caller's ``X-Request-ID``, if any.
        trace_flags: the W3C trace flags, 8 bits.
        tracestate: the caller's ``tracestate``, passed on as it came.
    """

    correlation_id: str
    trace_id: str
    span_id: str
    request_id: str | None = None
    trace_flags: int = SAMPLED
    tracestate: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers that hand these IDs to the next service."""
        headers = {
            TRACEPARENT: str(TraceParent(self.trace_id, self.span_id, self.trace_flags)),
            CORRELATION_ID: self.correlation_id,
        }
        if self.tracestate is not None:
            headers[TRACESTATE] = self.tracestate
        if self.request_id is not None:
            headers[REQUEST_ID] = self.request_id
        return headers

    def fields(self) -> dict[str, str]:
        """The fields that a log line carries."""
        fields = {
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "correlation_id": self.correlation_id,
        }
        if self.request_id is not None:
            fields["request_id"] = self.request_id
        return fields


CURRENT: Final[ContextVar[Correlation | None]] = ContextVar("ha_ingestor_correlation", default=None)


def current_correlation() -> Correlation | None:
    """The IDs that the running code works under, if any."""
    return CURRENT.get()


def new_correlation(correlation_id: str | None = None, request_id: str | None = None) -> Correlation:
    """New IDs: a part of the current trace when there is one, else the start of a trace.

    Args:
        correlation_id: an ID of one's own; by default the current one, else the trace ID.
        request_id: likewise; by default the current one.
    """
    current = CURRENT.get()
    if current is None:
        trace_id = new_trace_id()
        return Correlation(correlation_id or trace_id, trace_id, new_span_id(), request_id)
    return replace(
        current,
        correlation_id=correlation_id or current.correlation_id,
        span_id=new_span_id(),
        request_id=request_id or current.request_id,
    )


def correlation_from_headers(headers: Mapping[str, str]) -> Correlation:
    """The IDs of a request that came in, from its headers; what is missing or malformed is made anew.

    Args:
        headers: the request's headers, looked up by name (in any case, if the mapping allows it).
    """
    parent = parse_traceparent(headers.get(TRACEPARENT, ""))
    trace_id = parent.trace_id if parent else new_trace_id()
    return Correlation(
        correlation_id=_matching(_SAFE_ID, headers.get(CORRELATION_ID)) or trace_id,
        trace_id=trace_id,
        span_id=new_span_id(),
        request_id=_matching(_SAFE_ID, headers.get(REQUEST_ID)),
        trace_flags=parent.flags if parent else SAMPLED,
        # Without its traceparent a tracestate means nothing.
        tracestate=_matching(_SAFE_TRACESTATE, headers.get(TRACESTATE)) if parent else None,
    )


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text is not None and pattern.fullmatch(text) else None


class correlation(CallDecorator):  # noqa: N801 - used as a statement, like contextlib's own
    """Give a block or a function IDs: ``with correlation():`` or ``@correlation()``.

    Inside another correlation it continues the trace with a span of its own. A decorated function,
    plain or ``async``, gets new IDs at every call.

    Args:
        correlation_id: an ID of one's own; by default the current one, else the trace ID.
        request_id: likewise; by default the current one.
        resume: IDs to work under as they are, for work that was handed over earlier.
    """

    def __init__(
        self,
        correlation_id: str | None = None,
        *,
        request_id: str | None = None,
        resume: Correlation | None = None,
    ) -> None:
        self._correlation_id = correlation_id
        self._request_id = request_id
        self._resume = resume
        self._tokens: list[Token[Correlation | None]] = []

    def __enter__(self) -> Correlation:
        entered = self._resume or new_correlation(self._correlation_id, self._request_id)
        self._tokens.append(CURRENT.set(entered))
        return entered

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        CURRENT.reset(self._tokens.pop())

    def _again(self) -> "correlation":
        return correlation(self._correlation_id, request_id=self._request_id, resume=self._resume)
