"""Documents of senders that know nothing of our record, made lines of ours.

Objects of the Elastic Common Schema become fields with dotted names, as Elasticsearch takes them too:
`{"log": {"level": "error"}}` is `log.level`. https://www.elastic.co/docs/reference/ecs
"""

from typing import Final

import msgspec

from aggregator.intake import ndjson
from aggregator.record.fields import ALIASES
from aggregator.record.normalise import SENT

_PATHS: Final = frozenset(
    alias[:end]
    for aliases in ALIASES.values()
    for alias in aliases
    for end, character in enumerate(alias)
    if character == "."
)
"""Paths of objects that may hold a field of the record."""

_ROOTS: Final = frozenset(path for path in _PATHS if "." not in path)

_UID: Final = "uid"
"""What it means is ours only: elsewhere it is a user's number, or a container's ID."""

_CHANGED: Final = _ROOTS | {_UID}

_OPENING: Final = b"{"

type _Document = dict[str, msgspec.Raw]
type _NoObject = str | int | float | bool | list[msgspec.Raw] | None

_PLAIN: Final = msgspec.json.Decoder(
    msgspec.defstruct(
        "_Plain", [*((root, _NoObject, None) for root in sorted(_ROOTS)), (_UID, None, None)], gc=False
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
    objects = _OBJECT.decode_lines(documents)
    for document in objects:
        for name in _CHANGED & document.keys():
            if name == _UID:
                document.setdefault(SENT + _UID, document.pop(_UID))
            elif bytes(document[name])[:1] == _OPENING:
                _flatten(document, name)
    return _ENCODER.encode_lines(objects)


def _flatten(document: _Document, path: str) -> None:
    """Put the members of an object beside it; those whose names are taken stay in it."""
    members = _OBJECT.decode(document[path])
    if not members:
        return
    del document[path]
    left: _Document = {}
    for key, value in members.items():
        name = f"{path}.{key}"
        if name in document:
            left[key] = value
            continue
        document[name] = value
        if name in _PATHS and bytes(value)[:1] == _OPENING:
            _flatten(document, name)
    if left:
        document[path] = msgspec.Raw(_ENCODER.encode(left))
