"""The syntax tree of a search: what every store compiles from."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

type Operator = Literal[">", ">=", "<", "<="]


class Gap(Enum):
    """What a wildcard stands for."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Literally:
    """Text to be found as it stands: a word, a phrase or a field's whole value."""

    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Text with gaps, such as `kitchen*`; no two neighbours are both texts or both `Gap.ANY`."""

    pieces: tuple[str | Gap, ...]


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression in RE2's syntax, found anywhere in the value."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value before or after another."""

    operator: Operator
    operand: str


@dataclass(frozen=True, slots=True)
class Range:
    """A value between two others; None is an open end, of which there is one at most."""

    low: str | None
    high: str | None
    low_included: bool
    high_included: bool

    def bounds(self) -> list[Comparison]:
        """Name the comparisons that the range consists of, the low end first."""
        comparisons = []
        if self.low is not None:
            comparisons.append(Comparison(">=" if self.low_included else ">", self.low))
        if self.high is not None:
            comparisons.append(Comparison("<=" if self.high_included else "<", self.high))
        return comparisons


@dataclass(frozen=True, slots=True)
class Exists:
    """Any value at all; null is none."""


type Test = Literally | Wildcard | Regex | Comparison | Range | Exists


@dataclass(frozen=True, slots=True)
class MatchAll:
    """Every record."""


@dataclass(frozen=True, slots=True)
class Term:
    """One test of one field.

    Args:
        field: the name as searched for, or None for free text, which is `message` and `exception`.
        test: what the field's value has to pass.
        column: where the test stands in the search, in characters from 1.
    """

    field: str | None
    test: Test
    column: int = dataclasses.field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Records that match every operand, of which there are two or more."""

    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Records that match any operand, of which there are two or more."""

    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Records that don't match the operand."""

    operand: "Node"


type Node = MatchAll | Term | And | Or | Not


def terms(node: Node) -> Iterator[Term]:
    """Go through all terms of a tree from left to right."""
    match node:
        case Term():
            yield node
        case And(operands) | Or(operands):
            for operand in operands:
                yield from terms(operand)
        case Not(operand):
            yield from terms(operand)
        case MatchAll():
            return
