"""Takes the fields of a JSON object that stands in a line behind a time, a level and the like.

zap's console writes one behind the message and a tab; other programs put one in the place of the message.
"""

from typing import Final

import msgspec

from aggregator.record.fields import ALIASES
from aggregator.record.text.merge import IN_LINE

_SIGNS: Final = (rb'"message":"{\"', rb"\u0009{\"")
"""What is in each row that may have such an object."""

_NAMES: Final = frozenset({"message", *ALIASES["message"]})
_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_ENCODER: Final = msgspec.json.Encoder()


def with_inner_json(rows: bytes) -> bytes:
    """Give rows the fields of the objects in their messages.

    Args:
        rows: JSON objects, each on a line.
    """
    if not any(sign in rows for sign in _SIGNS):
        return rows
    return b"\n".join(
        [_with_fields(row) if any(sign in row for sign in _SIGNS) else row for row in rows.split(b"\n")]
    )


def _with_fields(row: bytes) -> bytes:
    fields = _DECODER.decode(row)
    text = _TEXT.decode(fields["message"])
    begin = 0 if text.startswith("{") else text.find("\t{") + 1
    try:
        inner = _DECODER.decode(text[begin:])
    except (msgspec.DecodeError, RecursionError):
        return row
    if begin:
        fields["message"] = msgspec.Raw(_ENCODER.encode(text[: begin - 1]))
    elif not _NAMES.isdisjoint(inner):
        del fields["message"]
    for name, value in inner.items():
        free = name if name not in fields else f"{IN_LINE}{name}"
        fields.setdefault(free, value)
    return _ENCODER.encode(fields)
