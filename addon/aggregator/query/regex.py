"""Regular expressions as DuckDB's RE2 takes them: linear in time, whatever the pattern."""

import functools
import re
import unicodedata

import duckdb

from aggregator.query.errors import QueryValueError


def is_word_character(character: str) -> bool:
    """Tell whether a character belongs to a word."""
    return character == "_" or unicodedata.category(character)[0] in "LNM"


def escape(text: str) -> str:
    """Return a pattern that matches a text as it stands."""
    return re.escape(text)


def check_pattern(pattern: str) -> None:
    """Raise QueryValueError unless a pattern is one of RE2's."""
    with _connection().cursor() as cursor:
        try:
            cursor.execute("SELECT regexp_matches('', ?)", [pattern])
        except duckdb.InvalidInputException as error:
            reason = str(error).removeprefix("Invalid Input Error: ")
            raise QueryValueError(f"not a regular expression: {reason}", ("a regular expression",)) from error


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})
