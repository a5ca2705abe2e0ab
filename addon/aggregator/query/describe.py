"""A search in plain words: what it finds, and what lets a part of the store stay closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aggregator.query.ast import (
    And,
    Comparison,
    Exists,
    Gap,
    Literally,
    MatchAll,
    Node,
    Not,
    Or,
    Range,
    Regex,
    Term,
    Test,
    Wildcard,
    terms,
)
from aggregator.query.levels import matching_levels
from aggregator.query.needles import AllOf, AnyOf, Field, Level, Needs, Value, Word, needs_of
from aggregator.query.times import time_interval
from aggregator.query.value_filter import is_number
from aggregator.record.fields import CANONICAL_NAMES, LEVELS, RUNNING_TEXT_FIELDS, TIME_FIELDS
from aggregator.record.output import format_ns

_MORE_OR_LESS: Final = {
    ">": "is more than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
}
_BEHIND_OR_BEFORE: Final = {
    ">": "comes behind",
    ">=": "is or comes behind",
    "<": "comes before",
    "<=": "is or comes before",
}


@dataclass(frozen=True, slots=True)
class TermDescription:
    """One test of a search.

    Args:
        column: where it stands in the search, in characters from 1.
        finds: what it tests.
        needs: what a part of the store must hold for it; empty when that can't be told.
    """

    column: int
    finds: str
    needs: str


@dataclass(frozen=True, slots=True)
class Description:
    """A search.

    Args:
        finds: which records.
        needs: what a part of the store must hold to be looked through; empty when all parts are.
        terms: its tests, from left to right.
    """

    finds: str
    needs: str
    terms: tuple[TermDescription, ...]


def describe(node: Node, now_ns: int) -> Description:
    """Put a search into words.

    Args:
        node: the search.
        now_ns: the present in nanoseconds since the epoch.
    """
    return Description(
        finds=_finds(node, now_ns),
        needs=_needs(needs_of(node)),
        terms=tuple(
            TermDescription(term.column, _finds(term, now_ns), _needs(needs_of(term))) for term in terms(node)
        ),
    )


def _finds(node: Node, now_ns: int) -> str:
    match node:
        case MatchAll():
            return "every record"
        case And(operands) | Or(operands):
            conjunction = " and " if isinstance(node, And) else " or "
            return conjunction.join(_bracketed(operand, now_ns) for operand in operands)
        case Not(operand):
            return f"not ({_finds(operand, now_ns)})"
        case Term(field, test):
            return _of_free_text(test) if field is None else _of_field(field, test, now_ns)


def _bracketed(node: Node, now_ns: int) -> str:
    text = _finds(node, now_ns)
    return f"({text})" if isinstance(node, And | Or) else text


def _of_free_text(test: Test) -> str:
    return "every record" if isinstance(test, Exists) else f"message or exception {_of_words(test)}"


def _of_field(field: str, test: Test, now_ns: int) -> str:
    canonical = CANONICAL_NAMES.get(field, field)
    subject = field if canonical == field else f"{canonical} (or a field {field})"
    if isinstance(test, Exists):
        return f"{subject} has a value"
    if canonical in TIME_FIELDS:
        return f"{subject} {_of_time(test, now_ns)}"
    if canonical == "level" and not isinstance(test, Regex):
        return f"{subject} is {_listed(_levels(matching_levels(test)), 'or') or 'no level there is'}"
    if canonical in RUNNING_TEXT_FIELDS:
        return f"{subject} {_of_words(test)}"
    return f"{subject} {_of_value(test)}"


def _of_words(test: Test) -> str:
    match test:
        case Literally(text):
            return f"has the words {_quoted(text)}" if text else "is empty"
        case Wildcard(pieces):
            return f"has words like {_wildcard(pieces)}"
        case _:
            return _of_value(test)


def _of_value(test: Test) -> str:
    match test:
        case Literally(text):
            return f"is {_quoted(text)}"
        case Wildcard(pieces):
            return f"is like {_wildcard(pieces)}"
        case Regex(pattern):
            return f"matches /{pattern}/"
        case Comparison(operator, operand):
            is_of_numbers = is_number(operand)
            compares = (_MORE_OR_LESS if is_of_numbers else _BEHIND_OR_BEFORE)[operator]
            return f"{compares} {operand if is_of_numbers else _quoted(operand)}"
        case Range():
            return " and ".join(_of_value(bound) for bound in test.bounds())
        case Exists():
            return "has a value"


def _of_time(test: Test, now_ns: int) -> str:
    start_ns, end_ns = time_interval(test, now_ns)
    limits = []
    if start_ns is not None:
        limits.append(f"is {format_ns(start_ns)} or later")
    if end_ns is not None:
        limits.append(f"is before {format_ns(end_ns)}")
    return " and ".join(limits)


def _needs(needs: Needs) -> str:
    match needs:
        case AnyOf(()):
            return "nothing: no record can match"
        case AllOf(each) | AnyOf(each):
            return _listed(map(_nested, each), "and" if isinstance(needs, AllOf) else "or")
        case Word(text):
            return f"the word {_quoted(text)}"
        case Value(field, text):
            return f"{field} {_quoted(text)}"
        case Level(levels):
            return f"level {_listed(_levels(levels), 'or')}"
        case Field(name):
            return f"a field {_quoted(name)}"


def _nested(needs: Needs) -> str:
    text = _needs(needs)
    return f"({text})" if isinstance(needs, AllOf | AnyOf) else text


def _levels(levels: frozenset[str]) -> list[str]:
    return [level for level in LEVELS if level in levels]


def _listed(texts: Iterable[str], conjunction: str) -> str:
    *first, last = [*texts] or [""]
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def _wildcard(pieces: tuple[str | Gap, ...]) -> str:
    return _quoted("".join(piece.value if isinstance(piece, Gap) else piece for piece in pieces))


def _quoted(text: str) -> str:
    return f'"{text}"'
