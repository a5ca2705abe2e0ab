"""Decoder of messages in the Graylog Extended Log Format, whatever carries them.

https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake import item_count, ndjson, surrogates
from aggregator.intake.compression import sniffed
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.foreign_names import own_name
from aggregator.intake.text import entries
from aggregator.intake.text.origins import Origins
from aggregator.record.fields import ALIASES, LEVEL_BY_SYSLOG_SEVERITY
from aggregator.record.text.lines import as_text
from aggregator.record.text.understand import understand

type _Members = dict[str, msgspec.Raw]

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_ENCODER: Final = msgspec.json.Encoder()

_LEVELS: Final[Mapping[bytes, msgspec.Raw]] = {
    spelling % severity: msgspec.Raw(_ENCODER.encode(level))
    for severity, level in enumerate(LEVEL_BY_SYSLOG_SEVERITY)
    for spelling in (b"%d", b'"%d"')
}

_VERSION: Final = "version"
_SHORT: Final = "short_message"
_FULL: Final = "full_message"
_FACILITY: Final = "facility"
_CONTAINER: Final = "_container_id"
_LOGGER_NAMES: Final = ("logger", *ALIASES["logger"])
_EXCEPTION_FIELDS: Final = ("exception", "exception_type", "exception_message")
_KEPT: Final = frozenset({"", "message"})
"""Names that fields don't get by losing their underscore: none, and that of the short message."""


def decode_body(body: bytes) -> Decoded:
    """Decode the body of a request: a message, or several with newlines between.

    Raises:
        InvalidEncodingError: it begins as if it were compressed, but isn't.
        TooLargeError: it is too large once it is decompressed, or has very many lines.
        InvalidBodyError: there is no message in it.
    """
    text = sniffed(body, limits.DECOMPRESSED_BODY_BYTES)
    item_count.check(text, b"\n")
    lines = [line for line in text.split(b"\n") if line.strip()]
    decoded = decode(lines)
    if not decoded.errors and decoded.rows:
        return decoded
    # One message may have been written over several lines.
    whole = decode([text])
    if not decoded.rows and whole.errors:
        raise InvalidBodyError(f"no message of GELF: {whole.errors[0].message}; nothing was taken")
    return decoded if whole.errors else whole


def decode(messages: Sequence[bytes]) -> Decoded:
    """Make lines of messages; one that is no JSON object, or too long, is refused by itself.

    Args:
        messages: each a JSON object, decompressed.
    """
    # No JSON string has a line's end in it, so that what is replaced is always between values.
    texts = [message.strip().replace(b"\n", b" ") for message in messages]
    errors: list[LineError] = []
    rows = b"\n".join([*texts, b""])
    if texts and ndjson.whole_rows(rows) is None:
        texts, errors = _without_wrong(texts)
        rows = b"\n".join([*texts, b""])
    if not texts:
        return Decoded(b"", 0, errors)
    structured: list[_Members] = []
    origins = Origins()
    for sent in _OBJECT.decode_lines(rows):
        if _CONTAINER in sent:
            _add_text(origins, _line_of(sent))
        else:
            structured.append(_line_of(sent))
    lines, count = entries.lines_of(origins.entries())
    return Decoded(_ENCODER.encode_lines(structured) + lines, len(structured) + count, errors)


def _without_wrong(texts: Iterable[bytes]) -> tuple[list[bytes], list[LineError]]:
    kept: list[bytes] = []
    errors: list[LineError] = []
    for number, sent in enumerate(texts, 1):
        # Senders cut texts at a number of bytes.
        text = sent
        if len(sent) <= limits.LINE_BYTES:
            text = surrogates.replaced(sent.decode("utf-8", "replace").encode())
        wrong = ndjson.problem(text)
        if wrong is None:
            kept.append(text)
        else:
            errors.append(
                LineError(number, wrong, "too_long" if len(text) > limits.LINE_BYTES else "invalid_json")
            )
    return kept, errors


def _line_of(sent: _Members) -> _Members:
    line: _Members = {}
    taken = _KEPT | (sent.keys() - {_VERSION})
    for name, value in sent.items():
        if name != _VERSION:
            field = name[1:] if name[:1] == "_" and name[1:] not in taken else name
            line[own_name(field)] = value
    if _SHORT in sent and "message" not in sent:
        line["message"] = line.pop(_SHORT)
    if "level" in sent:
        line["level"] = _LEVELS.get(bytes(sent["level"]), sent["level"])
    if _FACILITY in sent and line.keys().isdisjoint(_LOGGER_NAMES):
        line["logger"] = line.pop(_FACILITY)
    if _FULL in sent:
        _add_full(line, _text(line.pop(_FULL)))
    return line


def _add_full(line: _Members, full: str) -> None:
    """Find out what a full message is: the message again and more, or an exception's traceback."""
    short = _text(line.get("message", msgspec.Raw(b'""')))
    # Python's handlers for GELF put two newlines between the lines of a traceback.
    traceback = full.replace("\n\n", "\n")
    understood = _OBJECT.decode(understand(as_text([traceback.encode()])))
    if "exception" in understood and line.keys().isdisjoint(_EXCEPTION_FIELDS):
        line |= {name: understood[name] for name in _EXCEPTION_FIELDS if name in understood}
        if _text(understood["exception"]) != traceback:
            line[_FULL] = _raw(full)
    elif full.startswith(short):
        line["message"] = _raw(full)
    else:
        line[_FULL] = _raw(full)


def _add_text(origins: Origins, line: _Members) -> None:
    """Add what a container wrote: a line of text, of which the level only tells to which output."""
    text = _text(line.pop("message", msgspec.Raw(b'""'))).encode()
    level = bytes(line.pop("level", b""))
    told = (_ENCODER.encode(line)[1:-1], line)
    origins.add(bytes(line["container_id"]), text, told, {"level": b'"level":%b' % level} if level else {})


def _text(value: msgspec.Raw) -> str:
    """A value as text; one that should be a string, but isn't, as its JSON."""
    try:
        return _TEXT.decode(value)
    except msgspec.ValidationError:
        return bytes(value).decode()


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(_ENCODER.encode(text))
