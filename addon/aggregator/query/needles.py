"""What a record must hold for a search to match it, so that parts of a store without it stay closed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from aggregator.query.ast import And, Literally, MatchAll, Node, Not, Or, Regex, Term, Test, Wildcard
from aggregator.query.levels import matching_levels
from aggregator.query.resolve import first_fields
from aggregator.query.words_filter import whole_words
from aggregator.record.fields import (
    CANONICAL_NAMES,
    ID_FIELDS,
    RECORD_FIELDS,
    RUNNING_TEXT_FIELDS,
    TIME_FIELDS,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word that stands in `message` or in `exception`.

    Args:
        text: ASCII letters in lower case, digits and `_`; any other character separates words. Text is
            folded before it is cut, which makes two characters outside of ASCII a `k` and an `i`.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A record field's whole value.

    Args:
        field: one of RECORD_FIELDS that holds plain text.
        text: what it equals.
    """

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the record.

    Args:
        levels: it is one of these.
    """

    levels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a sender made up and gave any value but null.

    Args:
        name: of the whole field, not of a path into it.
    """

    name: str


type Needle = Word | Value | Level | Field


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these are needed; of none at all, nothing is."""

    needs: tuple["Needs", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these is needed; of none at all, there is no match."""

    needs: tuple["Needs", ...]


type Needs = Needle | AllOf | AnyOf

ANYTHING: Final = AllOf(())
"""Any record may match."""

NOTHING: Final = AnyOf(())
"""No record can match."""


def needs_of(node: Node) -> Needs:
    """Say what every record that matches a search holds; never more than that, perhaps less."""
    match node:
        case And(operands):
            return _all_of(map(needs_of, operands))
        case Or(operands):
            return _any_of(map(needs_of, operands))
        case Term(None, test):
            return _words(test)
        case Term(str(field), test):
            return _field(field, test)
        case Not() | MatchAll() | Term():
            return ANYTHING


def choice[Part](
    needs: Needs, of_needle: Callable[[Needle], Callable[[Part], bool]]
) -> Callable[[Part], bool]:
    """Make what tells whether a part of a store can hold a match; once for all parts, as there may be many.

    Args:
        needs: of the search.
        of_needle: makes what tells whether any record of a part may hold a needle; true when that can't be
            told.
    """
    match needs:
        case AllOf(each):
            of_all = [choice(need, of_needle) for need in each]
            return lambda part: all(chosen(part) for chosen in of_all)
        case AnyOf(each):
            of_any = [choice(need, of_needle) for need in each]
            return lambda part: any(chosen(part) for chosen in of_any)
        case needle:
            return of_needle(needle)


def is_rare(needs: Needs) -> bool:
    """Tell whether only few records can match a search, as it asks for an ID."""
    match needs:
        case AllOf(each):
            return any(map(is_rare, each))
        case AnyOf(each):
            return all(map(is_rare, each))
        case Value(field):
            return field in ID_FIELDS
        case _:
            return False


def _field(field: str, test: Test) -> Needs:
    canonical = CANONICAL_NAMES.get(field)
    places: list[Needs] = [] if canonical is None else [_record_field(canonical, test)]
    if field not in RECORD_FIELDS:
        places += map(Field, first_fields(field))
    return _any_of(places)


def _record_field(name: str, test: Test) -> Needs:
    if name in RUNNING_TEXT_FIELDS:
        return _words(test)
    if name == "level" and not isinstance(test, Regex):
        levels = matching_levels(test)
        return Level(levels) if levels else NOTHING
    if name not in TIME_FIELDS and isinstance(test, Literally):
        return Value(name, test.text)
    return ANYTHING


def _words(test: Test) -> Needs:
    if isinstance(test, Literally | Wildcard):
        return _all_of(map(Word, whole_words(test)))
    return ANYTHING


def _all_of(needs: Iterable[Needs]) -> Needs:
    kept: dict[Needs, None] = {}
    for need in needs:
        if need == NOTHING:
            return NOTHING
        kept |= dict.fromkeys(need.needs if isinstance(need, AllOf) else (need,))
    return next(iter(kept)) if len(kept) == 1 else AllOf(tuple(kept))


def _any_of(needs: Iterable[Needs]) -> Needs:
    kept: dict[Needs, None] = {}
    for need in needs:
        if need == ANYTHING:
            return ANYTHING
        kept |= dict.fromkeys(need.needs if isinstance(need, AnyOf) else (need,))
    return next(iter(kept)) if len(kept) == 1 else AnyOf(tuple(kept))
