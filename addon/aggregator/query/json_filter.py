"""Tests of the fields that senders made up, which are kept as the JSON text that was sent."""

import json
from collections.abc import Callable, Sequence

from aggregator.query.ast import Exists, Literally, Test
from aggregator.query.fragment import FALSE, SqlFilter
from aggregator.query.value_filter import Value, is_number, number_filter, read_number, value_filter


def json_filter(column: str, pointers: Sequence[str], test: Test) -> SqlFilter:
    """Test a column of JSON text, or places inside it; of an array any element may pass.

    Args:
        column: quoted name.
        pointers: JSON pointers to the places; none means the column itself.
        test: null never passes.
    """
    if not pointers:
        return _value_filter(f"{column}::VARCHAR", test)
    places = SqlFilter(f"TRY(json_extract({column}, ?::VARCHAR[]))", (list(pointers),))
    return _any_element(places, "place", lambda place: _value_filter(place, test))


def _value_filter(value: str, test: Test) -> SqlFilter:
    if isinstance(test, Exists):
        return SqlFilter(_exists(value))
    elements = SqlFilter(f"TRY(json_extract({value}, '$[*]'))")
    in_array = _any_element(elements, "element", lambda element: _scalar_filter(element, test))
    scalar = _scalar_filter(value, test)
    return SqlFilter(
        f"CASE WHEN starts_with({value}, '[') THEN {in_array.sql} ELSE {scalar.sql} END",
        in_array.parameters + scalar.parameters,
    )


def _any_element(values: SqlFilter, name: str, passes: Callable[[str], SqlFilter]) -> SqlFilter:
    # As text, because DuckDB would take what JSON is compared with for JSON too.
    condition = passes(name)
    return SqlFilter(
        f"len(list_filter({values.sql}::VARCHAR[], lambda {name}: {condition.sql})) > 0",
        values.parameters + condition.parameters,
    )


def _scalar_filter(value: str, test: Test) -> SqlFilter:
    if isinstance(test, Literally):
        return _equality(value, test.text)
    return value_filter(Value(_exists(value), _text(value), _string(value), _number(value)), test)


def _equality(value: str, text: str) -> SqlFilter:
    """Compare with what JSON can hold: a string of the text, or the text itself as a number, true or false.

    A string without a backslash is written in one way only, so most rows need no parsing.
    """
    written = [json.dumps(text, ensure_ascii=False)]
    if text in {"true", "false"}:
        written.append(text)
    otherwise = number_filter(value, "=", text) if is_number(text) else FALSE
    return SqlFilter(
        f"CASE WHEN {value} IN ({', '.join('?' * len(written))}) THEN TRUE "
        f"WHEN contains({value}, '\\') THEN {_string(value)} = ? ELSE {otherwise.sql} END",
        (*written, text, *otherwise.parameters),
    )


def _exists(value: str) -> str:
    return f"{value} <> 'null'"


def _text(value: str) -> str:
    """SQL of a string's text, or of anything else as DuckDB writes it; NULL for null."""
    return f"TRY({value} ->> '$')"


def _string(value: str) -> str:
    """SQL of a string's text; NULL for what is no string."""
    return f"CASE WHEN starts_with({value}, '\"') THEN {_text(value)} END"


def _number(value: str) -> str:
    """SQL of the text of a number, or of a string that reads as one."""
    return f"CASE WHEN starts_with({value}, '\"') THEN {read_number(_text(value))} ELSE {value} END"
