"""Documents of senders that know nothing of our record, made lines of ours.

Objects of the Elastic Common Schema become fields with dotted names, as Elasticsearch takes them too:
`{"log": {"level": "error"}}` is `log.level`. https://www.elastic.co/docs/reference/ecs
"""

from typing import Final

import msgspec

from aggregator.intake import ndjson
from aggregator.intake.foreign_names import SENT_UID, UID
from aggregator.record.fields import ALIASES
from aggregator.record.normalise import SENT
from aggregator.record.pieces import pieces_of

_PATHS: Final = frozenset(
    alias[:end]
    for aliases in ALIASES.values()
    for alias in aliases
    for end, character in enumerate(alias)
    if character == "."
)
"""Paths of objects that may hold a field of the record."""

_ROOTS: Final = frozenset(path for path in _PATHS if "." not in path)

_TIME: Final = "timestamp"
_AT_TIME: Final = "@timestamp"
_OTHER_TIMES: Final = frozenset({_TIME, *ALIASES[_TIME][: ALIASES[_TIME].index(_AT_TIME)]})
"""Names that go before Elasticsearch's own name of the time in our record, but not in its documents: Logstash
leaves a web server's `timestamp` as it stood in the line."""

_CHANGED: Final = _ROOTS | {UID} | _OTHER_TIMES

_NULL: Final = msgspec.Raw(b"null")
_OPENING: Final = b"{"
_PIECE_BYTES: Final = 64 * 1024

type _Document = dict[str, msgspec.Raw]
type _NoObject = str | int | float | bool | list[msgspec.Raw] | None

_PLAIN: Final = msgspec.json.Decoder(
    msgspec.defstruct(
        "_Plain",
        [
            *((root, _NoObject, None) for root in sorted(_ROOTS)),
            *((name, None, None) for name in sorted(_OTHER_TIMES | {UID})),
        ],
        gc=False,
    )
)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()


def lines_of(documents: bytes) -> bytes | None:
    """Make lines of documents.

    Args:
        documents: each on a line of its own, which a newline ends.

    Returns:
        As many lines, each a JSON object and ended by a newline; None when not every document is a JSON
        object.
    """
    if not documents:
        return documents
    if ndjson.whole_rows(documents, _PLAIN) is not None:
        return documents
    if ndjson.whole_rows(documents) is None:
        return None
    # What a piece is taken apart into stays in the processor's cache.
    return b"".join(map(_changed, pieces_of(documents, _PIECE_BYTES)))


def _changed(documents: bytes) -> bytes:
    objects = _OBJECT.decode_lines(documents)
    for document in objects:
        for name in _CHANGED & document.keys():
            if name == UID:
                document.setdefault(SENT_UID, document.pop(UID))
            elif name in _OTHER_TIMES:
                _prefer_its_time(document)
            else:
                _flatten(document, name)
    return _ENCODER.encode_lines(objects)


def _prefer_its_time(document: _Document) -> None:
    """Let the time by Elasticsearch's own name be the line's, if there is one."""
    if bytes(document.get(_AT_TIME, _NULL)) == b"null":
        return
    if _TIME in document:
        document.setdefault(SENT + _TIME, document.pop(_TIME))
    document[_TIME] = document.pop(_AT_TIME)


def _flatten(document: _Document, path: str) -> None:
    """Put the members of an object, if it is one, beside it; those whose names are taken stay in it."""
    sent = document[path]
    if bytes(sent)[:1] != _OPENING:
        return
    members = _OBJECT.decode(sent)
    if not members:
        return
    del document[path]
    left: _Document = {}
    start = path + "."
    for key, value in members.items():
        name = start + key
        if name in document:
            left[key] = value
            continue
        document[name] = value
        if name in _PATHS:
            _flatten(document, name)
    if left:
        document[path] = msgspec.Raw(_ENCODER.encode(left))
