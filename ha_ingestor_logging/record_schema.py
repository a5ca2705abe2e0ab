"""The JSON Schema of a record, and what of a record does not hold to it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

SCHEMA_BYTES: Final = Path(__file__).with_name("record.schema.json").read_bytes()
SCHEMA: Final[dict[str, Any]] = orjson.loads(SCHEMA_BYTES)

_SHOWN_MAX: Final = 60


def problems_of_line(line: bytes) -> list[str]:
    """What is wrong with one line of a log file, each problem with its field's name; empty when nothing is.

    Args:
        line: JSON in UTF-8, with or without its newline.
    """
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return [f"not JSON: {error}"]
    return problems_of_record(record)


def problems_of_record(record: object) -> list[str]:
    """What is wrong with a record, each problem with its field's name; empty when nothing is."""
    return list(_problems(record, SCHEMA, ""))


def problems_of_field(name: str, value: object) -> list[str]:
    """What is wrong with the value of one of the schema's own fields; empty when nothing is."""
    return list(_problems(value, SCHEMA["properties"][name], name))


def _problems(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    """The part of JSON Schema that the record's own schema needs."""
    schema = SCHEMA["$defs"]["exception"] if "$ref" in schema else schema
    name = f"{path}: " if path else ""
    if "type" in schema and not _is_type(value, schema["type"]):
        yield f"{name}expected {_or(schema['type'])}, found {_shown(value)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{name}expected {_or(schema['enum'])}, found {_shown(value)}"
    match value:
        case str():
            yield from _problems_of_text(value, schema, name)
        case dict():
            yield from _problems_of_fields(value, schema, path)
        case list() if "items" in schema:
            for index, item in enumerate(value):
                yield from _problems(item, schema["items"], f"{path}[{index}]")
        case int() | float() if "minimum" in schema and value < schema["minimum"]:
            yield f"{name}{value} is below {schema['minimum']}"


def _problems_of_text(text: str, schema: dict[str, Any], name: str) -> Iterator[str]:
    if len(text) < schema.get("minLength", 0):
        yield f"{name}must not be empty"
    if "pattern" in schema and not re.search(schema["pattern"], text):
        yield f"{name}{_shown(text)} does not match {schema['pattern']}"


def _problems_of_fields(fields: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    for missing in schema.get("required", ()):
        if missing not in fields:
            yield f"{_below(path, missing)}: missing"
    for key, below in schema.get("properties", {}).items():
        if key in fields:
            yield from _problems(fields[key], below, _below(path, key))


def _is_type(value: Any, types: str | list[str]) -> bool:
    if isinstance(types, list):
        return any(_is_type(value, one) for one in types)
    match types:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, float) and value.is_integer()
            )


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _or(choices: str | list[str]) -> str:
    return choices if isinstance(choices, str) else " or ".join(choices)


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
