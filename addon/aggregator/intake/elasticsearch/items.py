"""The result of each item of a bulk request, as Elasticsearch writes it."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus

import orjson

from aggregator.intake.elasticsearch.actions import Action, Asked, Refusal


def write(asked: Asked, refusals: Mapping[int, Refusal], *, brief: bool) -> bytes:
    """Write the result of each item, with commas between them.

    Args:
        asked: what was to be done.
        refusals: why items were not taken, by their place from 0.
        brief: whether only statuses and errors are asked for.
    """
    if brief:
        items = [b'{"%b":{"status":201}}' % action.operation.encode() for action in asked.actions]
    else:
        items = _in_full(asked)
    for place, refusal in refusals.items():
        items[place] = _refused(asked.actions[place], asked.ids[place], refusal)
    return b",".join(items)


def _in_full(asked: Asked) -> list[bytes]:
    # An ID that we make up is unique, as clients expect; it is not kept.
    made_up = secrets.token_urlsafe(9).encode()
    marker = secrets.token_hex(8)
    parts: dict[int, tuple[bytes, bytes]] = {}
    items = []
    for place, (action, given) in enumerate(zip(asked.actions, asked.ids, strict=True)):
        around = parts.get(id(action))
        if around is None:
            head, _, tail = _taken(action, marker).partition(b'"%b"' % marker.encode())
            around = parts[id(action)] = (head, tail)
        head, tail = around
        items.append(head + given + tail if given else b'%b"%b-%d"%b' % (head, made_up, place, tail))
    return items


def _taken(action: Action, marker: str) -> bytes:
    """One item, with a marker where the document's ID belongs."""
    result = {
        "_index": action.index,
        "_id": marker,
        "_version": 1,
        "result": "created",
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "status": HTTPStatus.CREATED,
    }
    return orjson.dumps({action.operation: result})


def _refused(action: Action, given: bytes, refusal: Refusal) -> bytes:
    return orjson.dumps(
        {
            action.operation: {
                "_index": action.index,
                "_id": orjson.Fragment(given) if given else None,
                "status": HTTPStatus.BAD_REQUEST,
                "error": {"type": refusal.type, "reason": refusal.message},
            }
        }
    )
