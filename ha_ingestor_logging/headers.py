"""The headers that carry IDs from one service to the next."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ha_ingestor_logging.trace_context import TraceParent, parse_traceparent, parse_tracestate

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
CORRELATION_ID: Final = "X-Correlation-ID"
REQUEST_ID: Final = "X-Request-ID"

Headers: TypeAlias = (
    Mapping[str, str] | Mapping[str, bytes] | Iterable[tuple[str | bytes, str | bytes | None]] | None
)
"""A request's or message's headers: a mapping, or pairs as ASGI and message brokers give them, or none."""

_NAMES: Final = frozenset({TRACEPARENT, TRACESTATE, CORRELATION_ID.lower(), REQUEST_ID.lower()})

# Foreign IDs are taken only as short printable words: they end up in headers and on screens.
_SAFE_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class IncomingIds:
    """What a request or message says about its origin; ``None`` for what is missing or malformed.

    Args:
        parent: the caller's place in its trace.
        tracestate: its ``tracestate``; without the parent it would mean nothing.
        correlation_id: its ``X-Correlation-ID``.
        request_id: its ``X-Request-ID``.
    """

    parent: TraceParent | None
    tracestate: str | None
    correlation_id: str | None
    request_id: str | None


def read_ids(headers: Headers) -> IncomingIds:
    """Read the IDs from headers.

    Args:
        headers: names in any case, values as text or bytes; a name may come several times.
    """
    values = _values(headers)
    parents = values[TRACEPARENT]
    # Of two parents none can be believed; several tracestate headers are one list.
    parent = parse_traceparent(parents[0]) if len(parents) == 1 else None
    return IncomingIds(
        parent=parent,
        tracestate=parse_tracestate(",".join(values[TRACESTATE])) if parent else None,
        correlation_id=_safe_id(values[CORRELATION_ID.lower()]),
        request_id=_safe_id(values[REQUEST_ID.lower()]),
    )


def _values(headers: Headers) -> defaultdict[str, list[str]]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    pairs: Iterable[tuple[object, object]] = (
        headers.items() if isinstance(headers, Mapping) else headers or ()
    )
    for name, value in pairs:
        key = _text(name).lower()
        if key in _NAMES and value is not None:
            values[key].append(_text(value))
    return values


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _safe_id(values: list[str]) -> str | None:
    text = values[0] if values else ""
    return text if _SAFE_ID.fullmatch(text) else None
