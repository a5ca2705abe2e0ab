"""Fields of the record whose type its schema fixes, as callers give them."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from ha_ingestor_logging.plain_json import to_json
from ha_ingestor_logging.record_schema import SCHEMA, problems_of_field

# The library's own fields; a caller's field of the same name is kept with an underscore behind it.
OWN_FIELDS: Final = frozenset({"timestamp", "observed", "level", "message", "source", "uid", "exc_info"})
TYPED_FIELDS: Final = frozenset(SCHEMA["properties"]) - OWN_FIELDS

# Where any text will do, which is what most lines have.
_TEXT_FIELDS: Final = frozenset(
    name
    for name, schema in SCHEMA["properties"].items()
    if schema.get("type") == "string" and schema.keys().isdisjoint({"pattern", "minLength"})
)
# Each line of a trace has these.
_PATTERNS: Final = {
    name: re.compile(SCHEMA["properties"][name]["pattern"]) for name in ("trace_id", "span_id")
}


def fitted(name: str, value: object) -> tuple[str, Any] | None:
    """A field as the record's schema wants it; ``None`` where it is to be left out.

    A number becomes text where text is wanted; what does not fit is kept with an underscore behind its
    name; a value ``None`` is as good as leaving the field out.

    Args:
        name: one of ``TYPED_FIELDS``.
        value: what the caller gave.
    """
    if _certainly_fits(name, value):
        return name, value
    if value is None:
        return None
    data = to_json(value)
    if not problems_of_field(name, orjson.loads(data)):
        return name, value
    if isinstance(value, int | float) and not problems_of_field(name, text := data.decode()):
        return name, text
    return f"{name}_", value


def _certainly_fits(name: str, value: object) -> bool:
    """Whether it is as in most lines, in a fraction of the time that the schema takes."""
    if type(value) is str:
        return name in _TEXT_FIELDS or (name in _PATTERNS and _PATTERNS[name].search(value) is not None)
    return type(value) is float and name == "duration_ms" and 0 <= value < math.inf


def misfits(record: Mapping[str, Any]) -> list[str]:
    """What callers gave that did not fit, each problem with its field's name.

    Args:
        record: as it was rendered.
    """
    return [
        problem
        for name in sorted(TYPED_FIELDS)
        if f"{name}_" in record
        for problem in problems_of_field(name, record[f"{name}_"])
    ]
