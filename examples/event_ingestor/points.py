"""From a state change to a point."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypedDict

# States that say that there is no state.
_NO_STATE: Final = frozenset({"unavailable", "unknown", ""})

_BINARY_STATES: Final = {"on": 1.0, "off": 0.0, "home": 1.0, "not_home": 0.0, "open": 1.0, "closed": 0.0}

_TAG_ATTRIBUTES: Final = ("friendly_name", "unit_of_measurement", "device_class")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Point(TypedDict):
    """A point as the database's client takes it."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | str]
    time: int
    """ns since 1970"""


class MalformedEventError(ValueError):
    """An event lacks what every state change has."""


def entity_of(event: Mapping[str, Any]) -> str:
    """The entity whose state changed.

    Args:
        event: a ``state_changed`` event as Home Assistant sends it.

    Raises:
        MalformedEventError: it names none.
    """
    data = event.get("data")
    entity_id = data.get("entity_id") if isinstance(data, Mapping) else None
    if not isinstance(entity_id, str) or "." not in entity_id:
        raise MalformedEventError("the event names no entity")
    return entity_id


def to_point(event: Mapping[str, Any]) -> Point | None:
    """The point of a state change: measured by domain, with a number or, failing that, a text.

    ``None`` when there is no state to keep: the entity was removed, or is unavailable.

    Args:
        event: a ``state_changed`` event as Home Assistant sends it.

    Raises:
        MalformedEventError: it lacks what every state change has.
    """
    entity_id = entity_of(event)
    new_state = event["data"].get("new_state")
    if new_state is None:
        return None
    try:
        state = str(new_state["state"])
        changed = datetime.fromisoformat(new_state["last_updated"]) - _EPOCH
        attributes = new_state["attributes"]
        tags = {name: str(attributes[name]) for name in _TAG_ATTRIBUTES if attributes.get(name)}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedEventError(f"the new state of {entity_id} is malformed") from error
    if state in _NO_STATE:
        return None
    domain, _, object_id = entity_id.partition(".")
    number = _number(state)
    return {
        "measurement": domain,
        "tags": {"entity_id": object_id, "domain": domain, **tags},
        "fields": {"state": state} if number is None else {"value": number},
        "time": (changed.days * 86_400 + changed.seconds) * 1_000_000_000 + changed.microseconds * 1_000,
    }


def _number(state: str) -> float | None:
    if state in _BINARY_STATES:
        return _BINARY_STATES[state]
    try:
        number = float(state)
    except ValueError:
        return None
    # Line protocol has no way to write the others.
    return number if math.isfinite(number) else None
