"""The result of each item of a bulk request, as Elasticsearch writes it."""

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson

from aggregator.intake.elasticsearch.actions import Action, Refusal


def write(actions: Sequence[Action], refusals: Mapping[int, Refusal], *, brief: bool) -> bytes:
    """Write the result of each item, with commas between them.

    Args:
        actions: what was to be done, item by item.
        refusals: why items were not taken, by their place from 0.
        brief: whether only statuses and errors are asked for.
    """
    # An ID that we make up is unique, as clients expect; it is not kept.
    batch = f"{secrets.token_urlsafe(9)}-"
    written: dict[int, tuple[bytes, bytes, bytes]] = {}
    items = []
    for place, action in enumerate(actions):
        parts = written.get(id(action))
        if parts is None:
            parts = _taken(action, batch, brief=brief).partition(batch.encode())
            written[id(action)] = parts
        head, made_up, tail = parts
        items.append(b"%b%b%d%b" % (head, made_up, place, tail) if made_up else head)
    for place, refusal in refusals.items():
        items[place] = _refused(actions[place], refusal)
    return b",".join(items)


def _taken(action: Action, batch: str, *, brief: bool) -> bytes:
    """One item, with the batch for an ID where its sender gave it none."""
    result: dict[str, object] = {"status": HTTPStatus.CREATED}
    if not brief:
        result |= {
            "_index": action.index,
            "_id": action.id or batch,
            "_version": 1,
            "result": "created",
            "_shards": {"total": 1, "successful": 1, "failed": 0},
        }
    return orjson.dumps({action.operation: result})


def _refused(action: Action, refusal: Refusal) -> bytes:
    return orjson.dumps(
        {
            action.operation: {
                "_index": action.index,
                "_id": action.id,
                "status": HTTPStatus.BAD_REQUEST,
                "error": {"type": refusal.type, "reason": refusal.message},
            }
        }
    )
