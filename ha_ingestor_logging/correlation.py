"""Which request or job the running code works for: the IDs that every log line carries."""

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, ParamSpec, TypeVar

from ha_ingestor_logging.call_decorator import CallDecorator
from ha_ingestor_logging.headers import CORRELATION_ID, REQUEST_ID, TRACEPARENT, TRACESTATE, Headers, read_ids
from ha_ingestor_logging.open_telemetry import ActiveSpan, active_span
from ha_ingestor_logging.trace_context import SAMPLED, TraceParent, new_span_id, new_trace_id

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Correlation:
    """The IDs of one request or job.

    Args:
        correlation_id: what people search for; the trace ID unless the caller gave another.
        trace_id: 32 lowercase hex digits.
        span_id: 16 lowercase hex digits: this program's part in the trace.
        request_id: the caller's ``X-Request-ID``, if any.
        trace_flags: the W3C trace flags, 8 bits.
        tracestate: the caller's ``tracestate``, passed on.
        user: for whom the work is done. Never sent to other services.
        operation: what is being done, in a few words. Never sent either.
    """

    correlation_id: str
    trace_id: str
    span_id: str
    request_id: str | None = None
    trace_flags: int = SAMPLED
    tracestate: str | None = None
    user: str | None = None
    operation: str | None = None

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
        if self.user is not None:
            fields["user"] = self.user
        if self.operation is not None:
            fields["operation"] = self.operation
        return fields


CURRENT: Final[ContextVar[Correlation | None]] = ContextVar("ha_ingestor_correlation", default=None)


def current_correlation() -> Correlation | None:
    """The IDs that the running code works under, if any; the trace is an active OpenTelemetry span's."""
    current = CURRENT.get()
    span = active_span()
    return current if span is None else _in_span(current, span)


def new_correlation(
    correlation_id: str | None = None,
    request_id: str | None = None,
    *,
    user: str | None = None,
    operation: str | None = None,
) -> Correlation:
    """New IDs: a part of the current trace when there is one, else the start of a trace.

    Args:
        correlation_id: an ID of one's own; by default the current one, else the trace ID.
        request_id: likewise; by default the current one.
        user: for whom the work is done; by default the current one.
        operation: what is being done; by default the current one.
    """
    current = current_correlation()
    if current is None:
        trace_id = new_trace_id()
        return Correlation(
            correlation_id or trace_id, trace_id, new_span_id(), request_id, user=user, operation=operation
        )
    return replace(
        current,
        correlation_id=correlation_id or current.correlation_id,
        span_id=new_span_id(),
        request_id=request_id or current.request_id,
        user=user or current.user,
        operation=operation or current.operation,
    )


def amend_correlation(
    *, user: str | None = None, operation: str | None = None, request_id: str | None = None
) -> Correlation:
    """Add to the current IDs what became known only now: lines from here on carry it.

    Outside of any correlation one begins, which lasts as long as the task or thread.

    Args:
        user: for whom the work is done.
        operation: what is being done.
        request_id: the request's ID.
    """
    current = CURRENT.get() or new_correlation()
    amended = replace(
        current,
        user=user or current.user,
        operation=operation or current.operation,
        request_id=request_id or current.request_id,
    )
    CURRENT.set(amended)
    return amended


def correlation_from_headers(headers: Headers) -> Correlation:
    """The IDs of a request or message that came in; what is missing or malformed is made anew.

    Args:
        headers: its headers, as a mapping or as pairs; names in any case, values as text or bytes.
    """
    ids = read_ids(headers)
    parent = ids.parent or TraceParent(new_trace_id(), new_span_id())
    incoming = Correlation(
        correlation_id=ids.correlation_id or parent.trace_id,
        trace_id=parent.trace_id,
        span_id=new_span_id(),
        request_id=ids.request_id,
        trace_flags=parent.flags,
        tracestate=ids.tracestate,
    )
    span = active_span()
    return incoming if span is None else _in_span(incoming, span)


def _in_span(current: Correlation | None, span: ActiveSpan) -> Correlation:
    parent = span.parent
    if current is None:
        current = Correlation(parent.trace_id, parent.trace_id, parent.span_id)
    named = current.correlation_id != current.trace_id
    return replace(
        current,
        correlation_id=current.correlation_id if named else parent.trace_id,
        trace_id=parent.trace_id,
        span_id=parent.span_id,
        trace_flags=parent.flags,
        tracestate=span.tracestate,
    )


class correlation(CallDecorator):  # noqa: N801 - used as a statement, like contextlib's own
    """Give a block or a function IDs: ``with correlation():`` or ``@correlation()``.

    Inside another correlation it continues the trace with a span of its own. A decorated function,
    plain or ``async``, or a generator of either kind, gets new IDs at every call.

    Args:
        correlation_id: an ID of one's own; by default the current one, else the trace ID.
        request_id: likewise; by default the current one.
        user: for whom the work is done; by default the current one.
        operation: what is being done; by default the current one.
        resume: IDs to work under as they are, for work that was handed over earlier.
    """

    def __init__(
        self,
        correlation_id: str | None = None,
        *,
        request_id: str | None = None,
        user: str | None = None,
        operation: str | None = None,
        resume: Correlation | None = None,
    ) -> None:
        self._given: dict[str, Any] = {
            "correlation_id": correlation_id,
            "request_id": request_id,
            "user": user,
            "operation": operation,
        }
        self._resume = resume
        self._tokens: list[Token[Correlation | None]] = []

    def __enter__(self) -> Correlation:
        entered = self._resume or new_correlation(**self._given)
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
        return correlation(**self._given, resume=self._resume)


def consumes(headers_of: Callable[P, Headers]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let each call of a message's handler, plain or ``async``, work under the IDs of its message.

    Args:
        headers_of: finds the message's headers, from the same arguments as the handler's.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            resumed = correlation(resume=correlation_from_headers(headers_of(*args, **kwargs)))
            return resumed(function)(*args, **kwargs)

        return call

    return decorate
