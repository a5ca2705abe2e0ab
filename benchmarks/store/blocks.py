"""A corpus of any length, made fast: one block of lines, copied with new times and new IDs.

A block fills a minute or an hour. Its copies differ in the part of the timestamps that names that minute or
hour, and in digits of the correlation and request IDs; all of that is replaced bytewise.
"""

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum

from benchmarks.corpus import START, bodies

_CORRELATION_ID = b'"correlation_id":"'
_REQUEST_ID = b'"request_id":"req_'
_DIGITS = 6


class Span(Enum):
    """What a block fills, with the form of what its timestamps have in common."""

    MINUTE = (timedelta(minutes=1), '"timestamp":"%Y-%m-%dT%H:%M:')
    HOUR = (timedelta(hours=1), '"timestamp":"%Y-%m-%dT%H:')

    def __init__(self, duration: timedelta, prefix: str) -> None:
        self.duration = duration
        self.prefix = prefix


class Block:
    """Lines that fill a span of time, to be copied.

    Args:
        rows: how many.
        span: what they fill.
        rows_per_body: lines of each body.
    """

    def __init__(self, rows: int, span: Span, rows_per_body: int = 5000) -> None:
        self.rows = rows
        self.span = span
        # Room for more than four standard deviations of the random gaps; the least always fits.
        fill = max(0.4, 1 - 2.5 / math.sqrt(rows))
        interval_ms = fill * span.duration / timedelta(milliseconds=1) / rows
        self._prefix = START.strftime(span.prefix).encode()
        self._bodies = [
            _marked(body) for body in bodies(rows, rows_per_body, start=START, interval_ms=interval_ms)
        ]
        if sum(body.count(self._prefix) for body in self._bodies) != rows:
            raise ValueError("the lines of the block do not fit its span")

    def copy(self, number: int, start: datetime) -> Iterator[bytes]:
        """Yield the bodies of one copy.

        Args:
            number: of the copy; its IDs occur in no other.
            start: the minute or hour that it fills.
        """
        prefix = start.strftime(self.span.prefix).encode()
        digits = f"{number:0{_DIGITS}x}".encode()
        for body in self._bodies:
            copied = body.replace(self._prefix, prefix)
            for field in (_CORRELATION_ID, _REQUEST_ID):
                copied = copied.replace(field + b"0" * _DIGITS, field + digits)
            yield copied

    def copies(self, numbers: range, start: datetime) -> Iterator[bytes]:
        """Yield the bodies of many copies.

        Args:
            numbers: of the copies.
            start: what copy 0 fills; each further one fills the span behind.
        """
        for number in numbers:
            yield from self.copy(number, start + number * self.span.duration)

    def lines(self, number: int, start: datetime) -> list[bytes]:
        """Return the lines of one of the copies that `copies` yields."""
        return b"".join(self.copies(range(number, number + 1), start)).splitlines()


def _marked(body: bytes) -> bytes:
    for field in (_CORRELATION_ID, _REQUEST_ID):
        body = re.sub(field + b"[0-9a-f]{%d}" % _DIGITS, field + b"0" * _DIGITS, body)
    return body
