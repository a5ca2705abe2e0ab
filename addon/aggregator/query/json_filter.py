"""Tests of the fields that senders made up, which are kept as the JSON text that was sent."""

import json
from collections.abc import Callable, Sequence

from aggregator.query.ast import Comparison, Exists, Gap, Literally, Range, Test, Wildcard
from aggregator.query.fragment import FALSE, TRUE, SqlFilter
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
    found = _any_element(places, "place", lambda place: _value_filter(place, test))
    return _first_case([(SqlFilter(f"{column} IS NULL"), FALSE)], otherwise=found)


def _value_filter(value: str, test: Test) -> SqlFilter:
    if isinstance(test, Exists):
        return SqlFilter(_exists(value))
    elements = SqlFilter(f"TRY(json_extract({value}, '$[*]'))")
    in_array = _any_element(elements, "element", lambda element: _scalar_filter(element, test))
    absent = SqlFilter(f"{value} IS NULL")
    array = SqlFilter(f"starts_with({value}, '[')")
    return _first_case(
        [(absent, FALSE), *_common_cases(value, test), (array, in_array)],
        otherwise=_scalar_filter(value, test),
    )


def _common_cases(value: str, test: Test) -> list[tuple[SqlFilter, SqlFilter]]:
    """List what is decided without parsing JSON: most numbers and strings, told apart by comparing bytes.

    Returns:
        Conditions on the value, each with the test's outcome where it holds.
    """
    number = SqlFilter(f"{value} >= '-' AND {value} < ':'")
    plain_string = SqlFilter(f"{value} < '#' AND NOT contains({value}, '\\')")
    match test:
        case Literally(text):
            return [
                (_written_as(value, text), TRUE),
                (number, number_filter(value, "=", text) if is_number(text) else FALSE),
                (plain_string, FALSE),
            ]
        case Comparison() | Range():
            return [(number, value_filter(Value("TRUE", value, "NULL::VARCHAR", value), test))]
        case Wildcard(pieces) if (quoted := _quoted(pieces)) is not None:
            return [(plain_string, value_filter(Value("TRUE", value, value, value), Wildcard(quoted)))]
        case _:
            return []


def _quoted(pieces: tuple[str | Gap, ...]) -> tuple[str | Gap, ...] | None:
    """Write a wildcard of the usual shapes for a string in its quotes; None if it has another shape."""
    if any('"' in piece for piece in pieces if isinstance(piece, str)):
        return None
    match pieces:
        case (str(start), Gap.ANY):
            return f'"{start}', Gap.ANY
        case (Gap.ANY, str(end)):
            return Gap.ANY, f'{end}"'
        case (Gap.ANY, str(), Gap.ANY):
            return pieces
        case _:
            return None


def _first_case(cases: Sequence[tuple[SqlFilter, SqlFilter]], otherwise: SqlFilter) -> SqlFilter:
    branches = [
        SqlFilter(f"WHEN {when.sql} THEN {then.sql}", when.parameters + then.parameters)
        for when, then in cases
    ]
    return SqlFilter(
        f"CASE {' '.join(branch.sql for branch in branches)} ELSE {otherwise.sql} END",
        sum((branch.parameters for branch in branches), ()) + otherwise.parameters,
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
    """Compare with what JSON can hold: a string of the text, or the text itself as number, true or false."""
    return _first_case(
        [
            (_written_as(value, text), TRUE),
            (SqlFilter(f"contains({value}, '\\')"), SqlFilter(f"{_string(value)} = ?", (text,))),
        ],
        otherwise=number_filter(value, "=", text) if is_number(text) else FALSE,
    )


def _written_as(value: str, text: str) -> SqlFilter:
    """Find a text as it is mostly written: a string without a backslash is written in one way only."""
    written = [json.dumps(text, ensure_ascii=False)]
    if text in {"true", "false"}:
        written.append(text)
    return SqlFilter(f"{value} IN ({', '.join('?' * len(written))})", tuple(written))


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
