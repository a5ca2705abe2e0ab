"""From the JSON that arrives to values; whatever doesn't fit is an `AggregatorResponseError`."""

from typing import TYPE_CHECKING, Any

import orjson

from .errors import AggregatorResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def json_object(payload: bytes | str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        AggregatorResponseError: it is something else.
    """
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError as err:
        raise AggregatorResponseError(f"not JSON: {err}") from err
    if not isinstance(content, dict):
        raise AggregatorResponseError("not a JSON object")
    return content


def decoded[T](content: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], T]) -> T:
    """Make a value out of a JSON object.

    Args:
        content: the object.
        decode: makes the value; may raise KeyError, AttributeError, TypeError and ValueError.

    Raises:
        AggregatorResponseError: the object has another shape.
    """
    try:
        return decode(content)
    except KeyError as err:
        raise AggregatorResponseError(f"{err} is missing") from err
    except (AttributeError, TypeError, ValueError) as err:
        raise AggregatorResponseError(str(err)) from err
