"""What is being typed at the caret of a search box, by the search language's own grammar."""

import contextlib
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from lark import Token
from lark.exceptions import UnexpectedInput
from lark.parsers.lalr_interactive_parser import InteractiveParser

from aggregator.query.build import has_gaps, unquoted
from aggregator.query.errors import QuerySyntaxError
from aggregator.query.parse import accepted_by, check_characters, open_parser, tokens_of
from aggregator.record.fields import CANONICAL_NAMES, RUNNING_TEXT_FIELDS

_KEYWORDS: Final = {
    "_AND": ("AND",),
    "_OR": ("OR",),
    "_NOT": ("NOT",),
    "_TO": ("TO",),
    "OPERATOR": (">", ">=", "<", "<="),
    "LSQB": ("[",),
    "LBRACE": ("{",),
    "LPAR": ("(",),
    "RSQB": ("]",),
    "RBRACE": ("}",),
    "RPAR": (")",),
}
"""What a terminal is written as, in the order in which it is offered."""

_NEXT: Final = "x"
"""A character that any word can go on with: with it, what was typed last is a token."""

_LAST_WORD: Final = re.compile(r"\S*\Z")


@dataclass(frozen=True, slots=True)
class FieldName:
    """A field's name can stand at the caret.

    Args:
        needs_colon: whether none follows yet.
    """

    needs_colon: bool


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value of a field can stand at the caret.

    Args:
        field: the name as searched for.
        may_compare: whether a comparison can stand there as well, which is before an operator.
    """

    field: str
    may_compare: bool


@dataclass(frozen=True, slots=True)
class Completion:
    """What can stand at the caret.

    Args:
        start: where what is to be replaced begins, in characters from 0.
        end: where it ends, exclusive.
        prefix: what was typed of it before the caret, without quotes and escapes.
        wanted: a name, a value, or None when nothing that is known can stand there.
        keywords: operators, brackets and words of the language that begin with what was typed.
    """

    start: int
    end: int
    prefix: str = ""
    wanted: FieldName | FieldValue | None = None
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Typed:
    """The token before the caret, as far as it was typed."""

    start: int
    text: str
    accepted: AbstractSet[str]
    field: str | None


def completion_at(text: str, position: int) -> Completion:
    """Say what can stand at a place of a search.

    Args:
        text: the whole search.
        position: of the caret, in characters from 0 up to the text's length.

    Raises:
        QuerySyntaxError: if the text is too long or nested too deeply.
    """
    check_characters(text)
    before = text[:position]
    typed = _typed(before)
    if typed is None:
        return _keywords_only(before)
    if typed.start == position and before.endswith(('"', ")", "]", "}")):
        return Completion(position, position)
    is_quoted = typed.text.startswith('"')
    keywords = () if is_quoted else _keywords(typed.accepted, typed.text)
    if not is_quoted and has_gaps(typed.text):
        return Completion(typed.start, position, typed.text, keywords=keywords)
    prefix = unquoted(f'{typed.text}"' if is_quoted else typed.text)
    if "FIELD" in typed.accepted:
        end = _token_end(text, typed.start, position) if typed.text else position
        needs_colon = not text.startswith((":", "!="), end)
        return Completion(typed.start, end, prefix, FieldName(needs_colon), keywords)
    end = _token_end(text, typed.start, position)
    if typed.field is None or CANONICAL_NAMES.get(typed.field) in RUNNING_TEXT_FIELDS:
        return Completion(typed.start, end, prefix, keywords=keywords)
    may_compare = "OPERATOR" in typed.accepted
    return Completion(typed.start, end, prefix, FieldValue(typed.field, may_compare), keywords)


def _typed(before: str) -> _Typed | None:
    """Find what is being typed; None where no word, phrase or value can stand."""
    for ending in (_NEXT, f'{_NEXT}"'):
        parser = open_parser(before + ending)
        with contextlib.suppress(UnexpectedInput):
            for token in tokens_of(parser):
                if token.end_pos == len(before) + len(ending):
                    accepted, start = accepted_by(parser), token.start_pos or 0
                    if token.type in accepted:
                        return _Typed(start, before[start:], accepted, _innermost_field(parser))
    return None


def _innermost_field(parser: InteractiveParser) -> str | None:
    """Name the field whose value the parser is at, if it is at one."""
    for taken in reversed(parser.parser_state.value_stack):
        if isinstance(taken, Token) and taken.type in {"FIELD", "QUOTED_FIELD"}:
            return unquoted(taken)
    return None


def _keywords_only(before: str) -> Completion:
    found = _LAST_WORD.search(before)
    start = found.start() if found else len(before)
    parser = open_parser(before[:start])
    keywords: tuple[str, ...] = ()
    with contextlib.suppress(UnexpectedInput):
        for _ in tokens_of(parser):
            pass
        keywords = _keywords(accepted_by(parser), before[start:])
    return Completion(start, len(before), before[start:], keywords=keywords)


def _keywords(accepted: AbstractSet[str], typed: str) -> tuple[str, ...]:
    return tuple(
        keyword
        for terminal, written in _KEYWORDS.items()
        if terminal in accepted
        for keyword in written
        if keyword.startswith(typed)
    )


def _token_end(text: str, start: int, position: int) -> int:
    """Find the end of the token that the caret is in, the part behind the caret included."""
    with contextlib.suppress(UnexpectedInput, QuerySyntaxError):
        for token in tokens_of(open_parser(text)):
            if token.start_pos == start:
                return max(position, token.end_pos or position)
    return position
