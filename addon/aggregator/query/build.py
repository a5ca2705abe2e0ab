"""From the parser's rules to syntax tree nodes: one method a rule of `grammar.lark`."""

import dataclasses
import re
from typing import Final, cast

from lark import Token, Transformer, v_args

from aggregator.query.ast import (
    And,
    Comparison,
    Exists,
    Gap,
    Literally,
    MatchAll,
    Node,
    Not,
    Operator,
    Or,
    Range,
    Regex,
    Term,
    Test,
    Wildcard,
)

_PIECE: Final = re.compile(r"\\(?P<escaped>.)|(?P<gap>[*?])|(?P<text>[^\\*?]+)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_IN_QUOTES: Final = re.compile(r'\\(["\\])')


@v_args(inline=True)
class TreeBuilder(Transformer[Token, Node]):
    """Builds nodes bottom-up while the parser runs; without state, so one serves all threads."""

    def start(self, node: Node | None = None) -> Node:
        """Make an empty search find everything."""
        return MatchAll() if node is None else node

    def any_of(self, *operands: Node) -> Node:
        """Join alternatives."""
        return Or(operands)

    def all_of(self, *operands: Node) -> Node:
        """Join conditions."""
        return And(operands)

    def negation(self, operand: Node) -> Node:
        """Negate; a double negation is none, which also keeps the tree flat."""
        return operand.operand if isinstance(operand, Not) else Not(operand)

    def field_is(self, name: Token, value: Node) -> Node:
        """Give a value, or a bracket of values, its field."""
        return _about(unquoted(name), value)

    def field_is_not(self, name: Token, value: Node) -> Node:
        """Likewise, negated."""
        return self.negation(self.field_is(name, value))

    def word(self, token: Token) -> Node:
        """Read bare text, in which stars and question marks are gaps."""
        return _term(token, _bare(token))

    def phrase(self, token: Token) -> Node:
        """Read quoted text."""
        return _term(token, Literally(unquoted(token)))

    def regex(self, token: Token) -> Node:
        """Read a regular expression, whose own escapes stay."""
        return _term(token, Regex(token[1:-1].replace("\\/", "/")))

    def comparison(self, operator: Token, operand: Token) -> Node:
        """Read an ordering."""
        return _term(operand, Comparison(cast("Operator", str(operator)), unquoted(operand)))

    def range(self, opening: Token, low: Token, high: Token, closing: Token) -> Node:
        """Read a range; square brackets take their bound in."""
        low_text, high_text = (None if bound.type == "OPEN_END" else unquoted(bound) for bound in (low, high))
        if low_text is None and high_text is None:
            return _term(opening, Exists())
        return _term(opening, Range(low_text, high_text, opening == "[", closing == "]"))


def column_of(token: Token) -> int:
    """Say where a token starts, in characters from 1."""
    return (token.start_pos or 0) + 1


def unquoted(written: str) -> str:
    """Read a value or a name as written, in quotes or with escapes."""
    if written.startswith('"'):
        return _ESCAPED_IN_QUOTES.sub(r"\1", written[1:-1])
    return _ESCAPED.sub(r"\1", written)


def has_gaps(written: str) -> bool:
    """Tell whether bare text as written has stars or question marks that stand for anything."""
    return any(found["gap"] for found in _PIECE.finditer(written))


def _term(token: Token, test: Test) -> Term:
    return Term(None, test, column_of(token))


def _about(field: str, node: Node) -> Node:
    match node:
        case Term():
            return dataclasses.replace(node, field=field)
        case And(operands):
            return And(tuple(_about(field, operand) for operand in operands))
        case Or(operands):
            return Or(tuple(_about(field, operand) for operand in operands))
        case Not(operand):
            return Not(_about(field, operand))
        case MatchAll():
            return node


def _bare(token: Token) -> Test:
    pieces: list[str | Gap] = []
    for found in _PIECE.finditer(token):
        gap = found["gap"]
        if gap is None:
            text = found["text"] or found["escaped"]
            if pieces and isinstance(pieces[-1], str):
                pieces[-1] += text
            else:
                pieces.append(text)
        elif Gap(gap) is Gap.ONE or pieces[-1:] != [Gap.ANY]:
            pieces.append(Gap(gap))
    match pieces:
        case [str(text)]:
            return Literally(text)
        case [Gap.ANY]:
            return Exists()
        case _:
            return Wildcard(tuple(pieces))
