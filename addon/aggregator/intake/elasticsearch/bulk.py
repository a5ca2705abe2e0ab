"""Decoder of bulk bodies: a line that says what to do, then the document that it is about.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import msgspec

from aggregator import limits
from aggregator.errors import InvalidBodyError, TooLargeError
from aggregator.intake import documents, ndjson
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.elasticsearch import items
from aggregator.intake.elasticsearch.actions import Action, Refusal

_ADDING = ("create", "index")
_OTHERS = ("update", "delete")
_BEHIND_BRACE = itemgetter(slice(1, None))


class _Target(msgspec.Struct, gc=False):
    index: str | None = msgspec.field(default=None, name="_index")
    id: str | int | None = msgspec.field(default=None, name="_id")


@dataclass(frozen=True, slots=True)
class Bulk(Decoded):
    """A decoded bulk body.

    Args:
        results: of each item, as it is answered.
    """

    results: bytes


def decode(body: bytes, index: str | None, *, brief: bool = False) -> Bulk:
    """Decode a bulk body.

    Args:
        body: the body, decompressed.
        index: the index that the path names.
        brief: whether only statuses and errors of the items are asked for.

    Raises:
        TooLargeError: there are too many lines.
        InvalidBodyError: a line that should say what to do does not, so that it can't be told which lines are
            documents.
    """
    if body.count(b"\n") > limits.BULK_LINES:
        raise TooLargeError(
            f"the body has more than {limits.BULK_LINES} lines", limit_lines=limits.BULK_LINES
        )
    # No JSON string has a line's end in it, so that what is replaced is always between lines.
    sent = body.replace(b"\r\n", b"\n").split(b"\n")
    while sent and not sent[-1].strip():
        sent.pop()
    actions, texts = _pairs(sent, index)
    refusals = {
        place: Refusal(
            "illegal_argument_exception",
            f"{action.operation} is not taken: lines are added, never changed",
            "operation",
        )
        for place, action in enumerate(actions)
        if action.operation in _OTHERS
    }
    places: Sequence[int] = range(len(actions))
    if refusals:
        places = [place for place in places if place not in refusals]
    lines = documents.lines_of(_joined([texts[place] for place in places] if refusals else texts))
    if lines is None:
        bad = {place: wrong for place in places if (wrong := _problem(texts[place])) is not None}
        refusals |= bad
        places = [place for place in places if place not in bad]
        lines = documents.lines_of(_joined([texts[place].strip() for place in places]))
        if lines is None:
            raise InvalidBodyError("the documents can't be read")
    errors = [LineError(place + 1, wrong.message, wrong.reason) for place, wrong in sorted(refusals.items())]
    added = [actions[place] for place in places] if refusals else actions
    results = items.write(actions, refusals, brief=brief)
    return Bulk(_with_fields(lines, added), len(places), errors, results)


def _pairs(sent: list[bytes], index: str | None) -> tuple[list[Action], list[bytes]]:
    """Tell actions and documents apart; an action without a document has an empty one."""
    known: dict[bytes, Action] = {}
    first, second = sent[::2], sent[1::2]
    if len(first) == len(second):
        try:
            known = {line: _action(line, index) for line in set(first)}
        except ndjson.UNREADABLE:
            known = {}
        if known and all(action.has_document for action in known.values()):
            return list(map(known.__getitem__, first)), second
    actions: list[Action] = []
    texts: list[bytes] = []
    numbered = iter(enumerate(sent, 1))
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            action = known.get(line) or _action(line, index)
        except ndjson.UNREADABLE as error:
            raise InvalidBodyError(
                f"Malformed action/metadata line [{number}]: {error}; nothing was taken", line=number
            ) from None
        actions.append(action)
        texts.append(next(numbered, (0, b""))[1] if action.has_document else b"")
    return actions, texts


def _action(line: bytes, index: str | None) -> Action:
    if len(line) > limits.BULK_ACTION_BYTES:
        raise msgspec.ValidationError(f"longer than {limits.BULK_ACTION_BYTES} bytes")
    said = _ACTION.decode(line)
    if len(said) != 1:
        raise msgspec.ValidationError("expected one of create, index, update, delete")
    ((operation, target),) = said.items()
    if operation not in {*_ADDING, *_OTHERS}:
        raise msgspec.ValidationError(f"expected one of create, index, update, delete, found {operation}")
    return Action(operation, target.index or index, None if target.id in {None, ""} else str(target.id))


_ACTION = msgspec.json.Decoder(dict[str, _Target])


def _joined(texts: Sequence[bytes]) -> bytes:
    return b"\n".join([*texts, b""])


def _problem(text: bytes) -> Refusal | None:
    if not text.strip():
        return Refusal("document_parsing_exception", "there is no document", "syntax")
    wrong = ndjson.problem(text)
    return None if wrong is None else Refusal("document_parsing_exception", wrong, "syntax")


def _with_fields(lines: bytes, actions: Sequence[Action]) -> bytes:
    """Add to each line what its action says."""
    if len(set(map(id, actions))) == 1:
        fields = actions[0].fields
        if not fields:
            return lines
        # Only the beginnings of lines stand behind a newline; an empty object has no name there.
        below = b"\n" + lines
        begun = below.replace(b'\n{"', b"\n{" + fields + b',"')
        if len(begun) == len(below) + len(actions) * (len(fields) + 1):
            return begun[1:]
    each = map(_BEHIND_BRACE, lines.split(b"\n"))
    return b"".join(
        [
            b"{%b%b%b\n" % (action.fields, b"" if rest.strip() == b"}" or not action.fields else b",", rest)
            for action, rest in zip(actions, each, strict=False)
        ]
    )
