"""Tests of a field's whole value as text: exact, ordered, by wildcard or regular expression."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from aggregator.query.ast import Comparison, Exists, Gap, Literally, Operator, Range, Regex, Test, Wildcard
from aggregator.query.fragment import SqlFilter, all_of
from aggregator.query.regex import escape

_NUMBER_PATTERN: Final = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_NUMBER: Final = re.compile(_NUMBER_PATTERN)
_INTEGER_PATTERN: Final = r"-?[0-9]{1,38}"
_INTEGER: Final = re.compile(_INTEGER_PATTERN)

_EXACT_IN_DOUBLE: Final = 2**53
"""Up to here a double holds every integer, so that comparing doubles is exact."""


@dataclass(frozen=True, slots=True)
class Value:
    """What one value is in SQL, read in each of the ways in which it can be tested.

    Args:
        exists: whether there is one.
        text: its text; NULL if there is none.
        string: its text where it is one to begin with, not a number or a structure; else NULL.
        number: the text of a number; any other text, or NULL, where it is none.
    """

    exists: str
    text: str
    string: str
    number: str


def text_filter(column: str, test: Test) -> SqlFilter:
    """Test a column of plain text.

    Args:
        column: quoted name.
        test: ordered by number where the operand is one, and then passed by texts that read as numbers.
    """
    if isinstance(test, Literally):
        return SqlFilter(f"{column} = ?", (test.text,))
    return value_filter(Value(f"{column} IS NOT NULL", column, column, read_number(column)), test)


def value_filter(value: Value, test: Wildcard | Regex | Comparison | Range | Exists) -> SqlFilter:
    """Test a value; equality is each kind of column's own matter."""
    match test:
        case Comparison(operator, operand):
            if is_number(operand):
                return number_filter(value.number, operator, operand)
            return SqlFilter(f"{value.string} {operator} ?", (operand,))
        case Range():
            return all_of(value_filter(value, bound) for bound in test.bounds())
        case Wildcard(pieces):
            return _wildcard_filter(value.text, pieces)
        case Regex(pattern):
            return SqlFilter(f"regexp_matches({value.text}, ?)", (pattern,))
        case Exists():
            return SqlFilter(value.exists)


def _wildcard_filter(text: str, pieces: tuple[str | Gap, ...]) -> SqlFilter:
    """Match all of a text; the usual shapes need no regular expression.

    Args:
        text: SQL of the text.
        pieces: of the wildcard.
    """
    match pieces:
        case (str(start), Gap.ANY):
            return SqlFilter(f"starts_with({text}, ?)", (start,))
        case (Gap.ANY, str(end)):
            return SqlFilter(f"ends_with({text}, ?)", (end,))
        case (Gap.ANY, str(inside), Gap.ANY):
            return SqlFilter(f"contains({text}, ?)", (inside,))
        case _:
            gaps = {Gap.ANY: ".*", Gap.ONE: "."}
            pattern = "".join(gaps[piece] if isinstance(piece, Gap) else escape(piece) for piece in pieces)
            return SqlFilter(f"regexp_full_match({text}, ?)", (f"(?s){pattern}",))


def is_number(text: str) -> bool:
    """Tell whether a text is a number as JSON writes it."""
    return _NUMBER.fullmatch(text) is not None


def read_number(text: str) -> str:
    """SQL of the text where it is a number, else of a text that is none."""
    return f"regexp_extract({text}, '^{_NUMBER_PATTERN}$')"


def number_filter(number: str, operator: Operator | Literal["="], operand: str) -> SqlFilter:
    """Compare numbers.

    Args:
        number: SQL of a number's text; other text doesn't pass.
        operator: how.
        operand: a number.
    """
    as_double = SqlFilter(f"TRY_CAST({number} AS DOUBLE) {operator} ?", (float(operand),))
    if not _INTEGER.fullmatch(operand) or abs(int(operand)) <= _EXACT_IN_DOUBLE:
        return as_double
    return SqlFilter(
        f"CASE WHEN regexp_full_match({number}, '{_INTEGER_PATTERN}') "
        f"THEN TRY_CAST({number} AS HUGEINT) {operator} ?::HUGEINT ELSE {as_double.sql} END",
        (operand, *as_double.parameters),
    )
