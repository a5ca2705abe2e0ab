"""The W3C Trace Context headers (https://www.w3.org/TR/trace-context/), read and written."""

import os
import re
from dataclasses import dataclass
from typing import Final

SAMPLED: Final = 0x01

# Flags that version 00 knows (sampled, random); it asks to send any other as zero.
_KNOWN_FLAGS: Final = 0x03

_TRACEPARENT: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace_id>[0-9a-f]{32})-(?P<span_id>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<rest>-.*)?"
)

_MEMBERS_MAX: Final = 32
# What the recommendation asks to pass on at least, and which members it lets go first beyond that.
_TRACESTATE_MAX: Final = 512
_LONG_MEMBER: Final = 128

_MEMBER: Final = re.compile(
    r"(?P<key>[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
    r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)


@dataclass(frozen=True, slots=True)
class TraceParent:
    """Where a request stands in its trace.

    Args:
        trace_id: 32 lowercase hex digits, not all zero.
        span_id: 16 lowercase hex digits, not all zero: the caller's span.
        flags: the trace flags, 8 bits.
    """

    trace_id: str
    span_id: str
    flags: int = SAMPLED

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags & _KNOWN_FLAGS:02x}"


def parse_traceparent(header: str) -> TraceParent | None:
    """Read a ``traceparent`` header; ``None`` when it doesn't hold to the standard.

    A version after 00 may carry more fields at its end; they are ignored, as the standard asks.
    """
    match = _TRACEPARENT.fullmatch(header.strip(" \t"))
    if match is None or match["version"] == "ff":
        return None
    if match["version"] == "00" and match["rest"] is not None:
        return None
    if not match["trace_id"].strip("0") or not match["span_id"].strip("0"):
        return None
    return TraceParent(match["trace_id"], match["span_id"], int(match["flags"], 16))


def parse_tracestate(header: str) -> str | None:
    """Read a ``tracestate`` header; ``None`` when it doesn't hold to the standard, or says nothing.

    Beyond 512 characters members of more than 128 are left out, then those at the end.

    Args:
        header: its value; several such headers joined with commas.
    """
    members = [member for part in header.split(",") if (member := part.strip(" \t"))]
    matches = [_MEMBER.fullmatch(member) for member in members]
    keys = {match["key"] for match in matches if match}
    # As many keys as members: each is well-formed, and none is there twice.
    if not members or len(members) > _MEMBERS_MAX or len(keys) < len(members):
        return None
    if len(",".join(members)) > _TRACESTATE_MAX:
        members = [member for member in members if len(member) <= _LONG_MEMBER]
    while len(joined := ",".join(members)) > _TRACESTATE_MAX:
        members.pop()
    return joined or None


def new_trace_id() -> str:
    """A random trace ID: 32 lowercase hex digits."""
    return os.urandom(16).hex()


def new_span_id() -> str:
    """A random span ID: 16 lowercase hex digits."""
    return os.urandom(8).hex()
