"""Decoder of logs: a JSON array of objects, one object, or lines of text."""

from collections.abc import Mapping
from typing import Final

import msgspec

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake import item_count, ndjson
from aggregator.intake.datadog import tags
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.foreign_names import own_name
from aggregator.intake.text import entries
from aggregator.intake.text.origins import Origins
from aggregator.record.fields import LEVEL_BY_SYSLOG_SEVERITY, LEVEL_SPELLINGS
from aggregator.record.utf8 import is_utf8

type _Members = dict[str, msgspec.Raw]

_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_ENCODER: Final = msgspec.json.Encoder()

_MESSAGE: Final = "message"
_STATUS: Final = "status"
_NESTED: Final = b":{"
_TAKEN: Final = frozenset({_MESSAGE, "timestamp", "level"})
_NOT_ASKED: Final = ("ddtags", "ddsource", "hostname", "service")
"""What the address may tell of all logs, where they don't tell it themselves."""

_ORIGIN: Final = ("hostname", "service", "ddsource")
_LEVELS: Final[Mapping[str, str]] = {
    **LEVEL_SPELLINGS,
    "OK": "INFO",
    **{str(severity): level for severity, level in enumerate(LEVEL_BY_SYSLOG_SEVERITY)},
}


def decode(body: bytes, query: Mapping[str, str], *, is_text: bool) -> Decoded:
    """Decode a body; a log that is no JSON object, or too long, is refused by itself.

    Args:
        body: the logs.
        query: what the address tells of all of them.
        is_text: whether it is lines of text.

    Raises:
        InvalidBodyError: it is neither JSON nor text.
        TooLargeError: it has very many logs.
    """
    told = {name: msgspec.Raw(_ENCODER.encode(query[name])) for name in _NOT_ASKED if query.get(name)}
    origins = Origins()
    errors: list[LineError] = []
    rows: list[_Members] = []
    for number, item in enumerate(_lines(body) if is_text else _items(body), 1):
        if len(item) > limits.LINE_BYTES:
            errors.append(LineError(number, f"longer than {limits.LINE_BYTES} bytes", "too_long"))
            continue
        try:
            log = _text(item) if is_text else _OBJECT.decode(item)
        except msgspec.DecodeError as error:
            errors.append(LineError(number, f"not a JSON object ({error})", "invalid_json"))
            continue
        # The agent sends an empty object to find out whether anybody is there.
        if log:
            ours = {own_name(name): value for name, value in log.items()}
            _add(origins, rows, told | ours)
    lines, count = entries.lines_of(origins.entries())
    return Decoded(_ENCODER.encode_lines(rows) + lines, len(rows) + count, errors)


def _text(line: bytes) -> _Members:
    return {_MESSAGE: msgspec.Raw(_ENCODER.encode(line.decode(errors="replace")))}


def _items(body: bytes) -> list[bytes]:
    item_count.check(body, b"{", b",")
    text = body if is_utf8(body) else body.decode(errors="replace").encode()
    # No JSON string has a line's end in it, so that what is replaced is always between values.
    text = text.strip().replace(b"\n", b" ").replace(b"\r", b" ")
    try:
        return list(map(bytes, _ITEMS.decode(text if text.startswith(b"[") else b"[%b]" % text)))
    except ndjson.UNREADABLE as error:
        raise InvalidBodyError(f"no logs in JSON: {error}; nothing was taken") from None


def _lines(body: bytes) -> list[bytes]:
    item_count.check(body, b"\n")
    return [line.removesuffix(b"\r") for line in body.split(b"\n") if line.strip()]


def _add(origins: Origins, rows: list[_Members], log: _Members) -> None:
    """Add a log: what it says as text is understood, and its status gives way to the level in there."""
    origin = tuple(bytes(log.get(name, b"")) for name in _ORIGIN)
    level = _level(log)
    message = log.pop(_MESSAGE, None)
    log = _with_tags(log)
    written = _ENCODER.encode(log)
    if _NESTED in written:
        written = entries.flat(written + b"\n").removesuffix(b"\n")
        log = _OBJECT.decode(written)
    if message is None:
        rows.append(log | {name: msgspec.Raw(value) for name, value in level.items()})
        return
    text = _TEXT.decode(message).encode() if bytes(message)[:1] == b'"' else bytes(message)
    hints = {name: b'"%b":%b' % (name.encode(), value) for name, value in level.items()}
    origins.add(origin, text, (written[1:-1], log), hints)


def _level(log: _Members) -> dict[str, bytes]:
    """Take the level out of a log, if its status is one."""
    sent = log.get(_STATUS)
    if sent is None:
        return {}
    level = _LEVELS.get(bytes(sent).strip(b'"').decode().upper())
    if level is None:
        return {}
    del log[_STATUS]
    return {"level": _ENCODER.encode(level)}


def _with_tags(log: _Members) -> _Members:
    sent = log.get(tags.TAGS)
    if sent is None or bytes(sent)[:1] != b'"':
        return log
    others = {name: value for name, value in log.items() if name != tags.TAGS}
    for name, value in tags.parse(_TEXT.decode(sent)).items():
        ours = own_name(name)
        is_taken = ours in others or ours in _TAKEN
        others[f"{tags.TAGS}.{name}" if is_taken else ours] = msgspec.Raw(_ENCODER.encode(value))
    return others
