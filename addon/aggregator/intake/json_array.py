"""Decoder of bodies that are one JSON array of objects."""

import msgspec

from aggregator import limits
from aggregator.intake import item_count, ndjson
from aggregator.intake.decoded import Decoded, LineError
from aggregator.record.text_record import text_record
from aggregator.record.utf8 import is_utf8

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECTS = msgspec.json.Decoder(list[ndjson.AnyObject])


def decode(body: bytes) -> Decoded | None:
    """Decode a body; an item that isn't a JSON object becomes one whose `message` is that item.

    Returns:
        None when the body is no JSON array.

    Raises:
        TooLargeError: it has too many items.
    """
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        return None
    # No JSON string has a line's end in it, so that what is replaced is always between values.
    on_one_line = body.replace(b"\n", b" ").replace(b"\r", b" ")
    item_count.check(body, b"{")
    are_objects = _are_objects(on_one_line)
    if not are_objects:
        item_count.check(body, b",")
    try:
        items = _ITEMS.decode(on_one_line)
    except ndjson.UNREADABLE:
        return None
    if not items:
        return Decoded(b"", 0, [])
    if are_objects and max(map(len, items)) <= limits.LINE_BYTES and is_utf8(on_one_line):
        return Decoded(b"\n".join([*items, b""]), len(items), [])
    return _decode_each(items)


def _are_objects(body: bytes) -> bool:
    try:
        _OBJECTS.decode(body)
    except ndjson.UNREADABLE:
        return False
    return True


def _decode_each(items: list[msgspec.Raw]) -> Decoded:
    kept: list[bytes] = []
    errors: list[LineError] = []
    for number, item in enumerate(map(bytes, items), 1):
        wrong = ndjson.problem(item)
        if wrong is None:
            kept.append(item)
        else:
            errors.append(LineError(number, f"{wrong}; {ndjson.KEPT}"))
            kept.append(text_record(item[: limits.LINE_BYTES]))
    return Decoded(b"\n".join([*kept, b""]), len(kept), errors)
