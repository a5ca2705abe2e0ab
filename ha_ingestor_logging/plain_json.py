"""Values of any type as JSON that anybody can read."""

import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any, Final

import orjson

from ha_ingestor_logging.message import format_message, safe_repr

_DEPTH_MAX: Final = 32
_INTEGER_MAX: Final = 2**63
_DIGITS_MAX: Final = 4000

JSON_OPTIONS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


def to_json(value: object) -> bytes:
    """A value of any type as JSON in UTF-8."""
    try:
        return orjson.dumps(value, json_default, JSON_OPTIONS)
    except (TypeError, ValueError, RecursionError):
        # Integers over 64 bits, lone surrogates, cycles, depth: rare, so only now looked for.
        return orjson.dumps(to_plain_json(value), json_default, JSON_OPTIONS)


def json_default(value: object) -> Any:
    """What orjson writes for a type that it doesn't know."""
    try:
        return _as_json_type(value)
    except Exception:  # noqa: BLE001 - a foreign container may raise anything
        return safe_repr(value)


def _as_json_type(value: object) -> Any:
    shown: Any
    match value:
        case bytes() | bytearray() | memoryview():
            shown = bytes(value).decode("utf-8", "backslashreplace")
        case AbstractSet():
            shown = list(value)
        case Mapping():
            shown = dict(value)
        case PurePath() | Decimal():
            shown = str(value)
        case BaseException():
            shown = f"{type(value).__qualname__}: {format_message(value, ())}"
        # NumPy's are registered as such.
        case Integral():
            shown = int(value)
        case Real():
            shown = float(value)
        case _:
            shown = safe_repr(value)
    return shown


def to_plain_json(value: object, depth: int = 0) -> Any:
    """A copy that certainly is JSON: large integers, broken text, cycles and depth made harmless.

    Args:
        value: anything.
        depth: how deep in the record it stands; at 32 levels it is shown as ``repr`` shows it.
    """
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if -_INTEGER_MAX <= value < _INTEGER_MAX else _integer_text(value)
        case str():
            return clean_text(value)
    if depth >= _DEPTH_MAX:
        return clean_text(safe_repr(value))
    try:
        return _plain_container(value, depth + 1)
    except Exception:  # noqa: BLE001 - a foreign container may raise anything
        return clean_text(safe_repr(value))


def clean_text(text: str) -> str:
    """Text with lone surrogates, which UTF-8 can't hold, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain_container(value: object, depth: int) -> Any:
    match value:
        case dict():
            return {
                clean_text(key if isinstance(key, str) else safe_repr(key)): to_plain_json(item, depth)
                for key, item in value.items()
            }
        case list() | tuple():
            return [to_plain_json(item, depth) for item in value]
    return to_plain_json(json_default(value), depth)


def _integer_text(value: int) -> str:
    # Python refuses to write very long integers in decimal: it takes quadratic time.
    digits_max = sys.get_int_max_str_digits() or _DIGITS_MAX
    return str(value) if abs(value) < 10 ** min(digits_max, _DIGITS_MAX) else hex(value)
