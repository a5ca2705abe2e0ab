"""Decoder of bulk bodies: a line that says what to do, then the document that it is about.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import msgspec

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake import documents, item_count, ndjson, surrogates
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.elasticsearch import items
from aggregator.intake.elasticsearch.actions import WITHOUT_DOCUMENT, Action, Asked, Refusal

_ADDING = ("create", "index")
_OTHERS = ("update", "delete")
_BEHIND_BRACE = itemgetter(slice(1, None))


class _Target(msgspec.Struct, gc=False):
    index: str | None = msgspec.field(default=None, name="_index")
    id: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="_id")


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
    item_count.check(body, b"\n")
    # No JSON string has a line's end in it, so that what is replaced is always between lines.
    sent = body.replace(b"\r\n", b"\n").split(b"\n")
    while sent and not sent[-1].strip():
        sent.pop()
    asked = _pairs(sent, index) or _one_by_one(sent, index)
    refusals = {
        place: Refusal(
            "illegal_argument_exception",
            f"{action.operation} is not taken: lines are added, never changed",
            "operation",
        )
        for place, action in enumerate(asked.actions)
        if action.operation in _OTHERS
    }
    lines = None if refusals else documents.lines_of(_joined(asked.texts))
    if lines is not None:
        return _bulk(lines, asked.actions, asked.ids, items.write(asked, refusals, brief=brief))
    taken = []
    for place, document in enumerate(asked.texts):
        if place in refusals:
            continue
        asked.texts[place] = text = surrogates.replaced(document)
        wrong = ndjson.problem(text) if text.strip() else "there is no document"
        if wrong is None:
            taken.append(place)
        else:
            refusals[place] = Refusal("document_parsing_exception", wrong, "syntax")
    lines = documents.lines_of(_joined([asked.texts[place].strip() for place in taken]))
    if lines is None:
        raise InvalidBodyError("the documents can't be read")
    bulk = _bulk(
        lines,
        [asked.actions[place] for place in taken],
        [asked.ids[place] for place in taken],
        items.write(asked, refusals, brief=brief),
    )
    bulk.errors.extend(
        LineError(place + 1, wrong.message, wrong.reason) for place, wrong in sorted(refusals.items())
    )
    return bulk


def _pairs(sent: list[bytes], index: str | None) -> Asked | None:
    """Tell actions and documents apart where they take turns, as senders of logs send them."""
    said, texts = sent[::2], sent[1::2]
    if len(said) != len(texts):
        return None
    actions = _Actions(index)
    try:
        known = {line: actions.read(line) for line in set(said)}
    except ndjson.UNREADABLE:
        return None
    if any(action.operation == WITHOUT_DOCUMENT for action, _ in known.values()):
        return None
    read = list(map(known.__getitem__, said))
    return Asked([action for action, _ in read], [id_ for _, id_ in read], texts)


def _one_by_one(sent: list[bytes], index: str | None) -> Asked:
    """Tell actions and documents apart; blank lines between them are skipped."""
    asked = Asked([], [], [])
    actions = _Actions(index)
    numbered = iter(enumerate(sent, 1))
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            action, id_ = actions.read(line)
        except ndjson.UNREADABLE as error:
            raise InvalidBodyError(
                f"Malformed action/metadata line [{number}]: {error}; nothing was taken", line=number
            ) from None
        asked.actions.append(action)
        asked.ids.append(id_)
        has_none = action.operation == WITHOUT_DOCUMENT
        asked.texts.append(b"" if has_none else next(numbered, (0, b""))[1])
    return asked


class _Actions:
    """Reads what is to be done; equal actions are one.

    Args:
        index: the index that the path names.
    """

    def __init__(self, index: str | None) -> None:
        self._index = index
        self._known: dict[tuple[str, str | None], Action] = {}

    def read(self, line: bytes) -> tuple[Action, bytes]:
        """Read the line before a document: what to do, and the document's ID as a JSON string.

        Raises:
            msgspec.DecodeError: it does not say what to do.
        """
        if len(line) > limits.BULK_ACTION_BYTES:
            raise msgspec.ValidationError(f"longer than {limits.BULK_ACTION_BYTES} bytes")
        said = _SAID.decode(line)
        if len(said) != 1:
            raise msgspec.ValidationError("expected one of create, index, update, delete")
        ((operation, target),) = said.items()
        named = (operation, target.index or self._index)
        action = self._known.get(named)
        if action is None:
            if operation not in {*_ADDING, *_OTHERS}:
                raise msgspec.ValidationError(
                    f"expected one of create, index, update, delete, found {operation}"
                )
            action = self._known[named] = Action(*named)
        return action, _id(bytes(target.id))


def _id(sent: bytes) -> bytes:
    """An ID as a JSON string; empty where it says nothing."""
    if sent[:1] == b'"':
        if not sent.isascii():
            sent.decode()
        return b"" if sent == b'""' else sent
    if sent.isdigit():
        return b'"%b"' % sent
    if sent != b"null":
        raise msgspec.ValidationError("expected `_id` to be a string or a whole number")
    return b""


_SAID = msgspec.json.Decoder(dict[str, _Target])


def _joined(texts: Sequence[bytes]) -> bytes:
    return b"\n".join([*texts, b""])


def _bulk(lines: bytes, actions: list[Action], ids: list[bytes], results: bytes) -> Bulk:
    return Bulk(_with_fields(lines, actions, ids), len(actions), [], results)


def _with_fields(lines: bytes, actions: list[Action], ids: list[bytes]) -> bytes:
    """Add to each line what its action says."""
    if not any(ids) and len(set(map(id, actions))) == 1:
        fields = actions[0].fields
        if not fields:
            return lines
        # Only the beginnings of lines stand behind a newline; an empty object has no name there.
        below = b"\n" + lines
        begun = below.replace(b'\n{"', b"\n{" + fields + b',"')
        if len(begun) == len(below) + len(actions) * (len(fields) + 1):
            return begun[1:]
    rests = map(_BEHIND_BRACE, lines.split(b"\n"))
    return b"".join(
        [
            b"{%b%b%b%b\n"
            % (
                action.before_uid if given else action.fields,
                given[1:],
                b"," if (given or action.fields) and rest.strip() != b"}" else b"",
                rest,
            )
            for action, given, rest in zip(actions, ids, rests, strict=False)
        ]
    )
