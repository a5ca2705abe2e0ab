"""Exceptions that senders describe by an object, given the names that the record knows.

Services write `"exception": {"type": …, "message": …, "traceback": …}`, pino writes `"err"` with a `stack`,
and the Elastic Common Schema `"error"` with a `stack_trace`.
"""

import re
from typing import Final

import msgspec

_ROOTS: Final = ("exception", "error", "err")
_OBJECT: Final = re.compile(rf'"(?:{"|".join(_ROOTS)})": ?\{{'.encode())
_STACKS: Final = frozenset({"traceback", "stacktrace", "stack_trace", "stack"})
_KNOWN: Final = _STACKS | {"type", "message"}

_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PARTS: Final = msgspec.json.Decoder(list[str])
_ENCODER: Final = msgspec.json.Encoder()


def flatten(lines: bytes) -> bytes:
    """Put the members of such objects beside them, by dotted names.

    Args:
        lines: each a JSON object and ended by a newline, or what can't be read and stays as it is.

    Returns:
        The very same object when there is none.
    """
    found = _OBJECT.search(lines)
    if found is None:
        return lines
    pieces: list[bytes] = []
    done = 0
    while found is not None:
        start = lines.rfind(b"\n", done, found.start()) + 1 or done
        end = lines.find(b"\n", found.end())
        end = len(lines) if end < 0 else end
        pieces += (lines[done:start], _flat(lines[start:end]))
        done = end
        found = _OBJECT.search(lines, end)
    return b"".join((*pieces, lines[done:]))


def _flat(line: bytes) -> bytes:
    try:
        fields = _DECODER.decode(line)
        for root in _ROOTS:
            if root in fields and bytes(fields[root])[:1] == b"{":
                members = _DECODER.decode(fields[root])
                names = {f"{root}.{member}" for member in members}
                if not members.keys() & _KNOWN or names & fields.keys():
                    continue
                del fields[root]
                fields |= {
                    f"{root}.{member}": _text(value) if member in _STACKS else value
                    for member, value in members.items()
                }
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line
    return _ENCODER.encode(fields)


def _text(value: msgspec.Raw) -> msgspec.Raw:
    """A traceback may be a list of its lines, as Python's `traceback` makes it."""
    if bytes(value)[:1] != b"[":
        return value
    try:
        return msgspec.Raw(_ENCODER.encode("".join(_PARTS.decode(value))))
    except msgspec.DecodeError:
        return value
