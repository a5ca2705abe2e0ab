"""From what the parser met to a message that people understand."""

from collections.abc import Set as AbstractSet
from typing import Final, cast

from lark.exceptions import UnexpectedInput

from aggregator.query.errors import QuerySyntaxError

# In the order in which they are named; what is missing here goes without saying.
_PLAIN_NAMES: Final = {
    "VALUE": "a value",
    "WORD": "a word",
    "STRING": "a phrase",
    "FIELD": "a field",
    "_AND": "AND",
    "_OR": "OR",
    "_TO": "TO",
    "RSQB": "']'",
    "RBRACE": "'}'",
    "RPAR": "')'",
}


def explain(error: UnexpectedInput, text: str, before: str, accepted: AbstractSet[str]) -> QuerySyntaxError:
    """Make the error that names column and expectations.

    Args:
        error: what the parser raised.
        text: the search.
        before: the last token before the error.
        accepted: names of the terminals that could have come.
    """
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return _at_end(text, before, accepted)
    return _at(cast("int", error.pos_in_stream), text, before, accepted)


def _at(position: int, text: str, before: str, accepted: AbstractSet[str]) -> QuerySyntaxError:
    column, end_column = position + 1, len(text) + 1
    expected: tuple[str, ...] = ()
    match text[position]:
        case ":":
            message = f"expected a value right after '{before}:'; text with a colon needs quotes"
            column, expected = column + 1, ("a value",)
        case '"':
            message = f"expected '\"' to close the one in column {column}"
            column, expected = end_column, ("'\"'",)
        case "\\" if column == len(text):
            message = "expected a character after '\\'"
            column, expected = end_column, ("a character",)
        case "|":
            message = "'|' is reserved; to search for it, put it in quotes"
        case ")" if "$END" in accepted:
            message = "this ')' closes nothing"
        case character:
            expected = _plain(accepted)
            message = f"expected {_listed(expected)}, found '{character}'"
            if character in "-!<>[]{}":
                message += "; to search for it, put it in quotes"
    return QuerySyntaxError(message, column, expected)


def _at_end(text: str, before: str, accepted: AbstractSet[str]) -> QuerySyntaxError:
    # Of all that could go on, only the missing bracket is an error's cure.
    expected = _plain({"RPAR"} if "RPAR" in accepted else accepted)
    return QuerySyntaxError(
        f"expected {_listed(expected)} after '{before}'",
        len(text.rstrip()) + 1,
        expected,
    )


def _plain(accepted: AbstractSet[str]) -> tuple[str, ...]:
    if "VALUE" in accepted:
        return (_PLAIN_NAMES["VALUE"],)
    return tuple(name for terminal, name in _PLAIN_NAMES.items() if terminal in accepted)


def _listed(expected: tuple[str, ...]) -> str:
    *first, last = expected
    return f"{', '.join(first)} or {last}" if first else last
