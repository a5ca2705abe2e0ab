"""Lines that JSON's parsers disagree about, made readable for the engine without losing them."""

from collections.abc import Iterator

import msgspec
import orjson

from aggregator.record.text_record import text_record

_DEPTH = 100
"""Nesting that the engine reads safely; its own limit is 128."""


def repair(lines: bytes) -> bytes:
    """Return lines that the engine reads, as many as came.

    A line with a key twice keeps the last value; one nested too deeply, or that no strict parser reads,
    becomes a record with the line as its message.
    """
    return b"".join(_repaired(line) + b"\n" for line in lines.removesuffix(b"\n").split(b"\n"))


def all_as_text(lines: bytes) -> bytes:
    """Return each line as the message of a record: what remains when repair is not enough."""
    return b"".join(text_record(line) + b"\n" for line in lines.removesuffix(b"\n").split(b"\n"))


def _repaired(line: bytes) -> bytes:
    if max(_depths(line), default=0) > _DEPTH:
        return text_record(line)
    try:
        fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text_record(line)
    parts = (orjson.dumps(name) + b":" + bytes(value) for name, value in fields.items())
    rebuilt = b"{" + b",".join(parts) + b"}"
    try:
        orjson.loads(rebuilt)
    except orjson.JSONDecodeError:
        return text_record(line)
    return rebuilt


def _depths(line: bytes) -> Iterator[int]:
    depth = 0
    for byte in line:
        if byte in b"[{":
            depth += 1
            yield depth
        elif byte in b"]}":
            depth -= 1
