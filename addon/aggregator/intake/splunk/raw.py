"""Decoder of raw bodies: lines of text, with what is told of all of them in the request's address."""

from collections.abc import Mapping
from typing import Final

import msgspec

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake import item_count
from aggregator.intake.decoded import LineError
from aggregator.intake.splunk.result import Code, Result
from aggregator.intake.text import entries
from aggregator.intake.text.entries import Entries

_NAMES: Final = {
    "time": "timestamp",
    "host": "host",
    "source": "source",
    "sourcetype": "sourcetype",
    "index": "index",
}
_ENCODER: Final = msgspec.json.Encoder()


def decode(body: bytes, query: Mapping[str, str]) -> Result:
    """Decode a body; a line that is too long is refused by itself.

    Args:
        body: the lines.
        query: what the address tells of all of them.

    Raises:
        InvalidBodyError: there is no line in it.
        TooLargeError: it has very many lines.
    """
    item_count.check(body, b"\n")
    lines = [line.removesuffix(b"\r") for line in body.split(b"\n") if line.strip()]
    if not lines:
        raise InvalidBodyError("no data")
    errors: list[LineError] = []
    if max(map(len, lines)) > limits.LINE_BYTES:
        errors = [
            LineError(number, f"longer than {limits.LINE_BYTES} bytes", "too_long")
            for number, line in enumerate(lines, 1)
            if len(line) > limits.LINE_BYTES
        ]
        lines = [line for line in lines if len(line) <= limits.LINE_BYTES]
    told = {ours: query[name] for name, ours in _NAMES.items() if query.get(name)}
    members = _ENCODER.encode(told)[1:-1]
    written, rows = entries.lines_of([Entries(lines, [members] * len(lines), told)] if lines else [])
    return Result(written, rows, errors, Code.INVALID_FORMAT if errors else Code.SUCCESS)
