"""JSON objects that requests carry."""

from collections.abc import Mapping

import orjson
from aiohttp import web

from aggregator import limits
from aggregator.errors import InvalidFieldError, InvalidJsonError
from aggregator.intake.body import read_body
from aggregator.state import STATE


async def read_object(request: web.Request) -> Mapping[str, object]:
    """Read a request's JSON object.

    Raises:
        InvalidJsonError: the body is no JSON object.
        TooLargeError: it is too large.
    """
    body = await read_body(
        request,
        request.app[STATE].intake,
        limit_bytes=limits.REQUEST_BYTES,
    )
    return parse_object(body)


def parse_object(text: bytes | str) -> Mapping[str, object]:
    """Parse a JSON object.

    Raises:
        InvalidJsonError: the text is none.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidJsonError(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidJsonError("the body must be a JSON object")
    return value


def text(fields: Mapping[str, object], name: str, default: str = "") -> str:
    """Return a field's text."""
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise InvalidFieldError(f"{name}: a text is needed", field=name)
    return value


def whole_number(fields: Mapping[str, object], name: str, default: int, allowed: range) -> int:
    """Return a field's whole number."""
    value = fields.get(name)
    if value is None:
        return default
    if type(value) is not int or value not in allowed:
        raise InvalidFieldError(f"{name}: a whole number from {allowed[0]} to {allowed[-1]}", field=name)
    return value


def choice(fields: Mapping[str, object], name: str, allowed: tuple[str, ...]) -> str:
    """Return a field's text, which is one of a few; the first of them when it is missing."""
    value = text(fields, name, allowed[0])
    if value not in allowed:
        raise InvalidFieldError(f"{name}: one of {', '.join(allowed)}", field=name)
    return value


def flag(fields: Mapping[str, object], name: str) -> bool:
    """Return a field that is true or false; false when it is missing."""
    value = fields.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidFieldError(f"{name}: true or false", field=name)
    return value


def known_only(fields: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse fields that the request doesn't have."""
    for name in fields:
        if name not in known:
            raise InvalidFieldError(f"{name}: no such field", field=name)
