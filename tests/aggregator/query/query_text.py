"""Write a syntax tree as a search, the inverse of the parser."""

import re
from collections.abc import Callable

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
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bare(text: str) -> str:
    """Without quotes where that is possible: all but letters and digits escaped."""
    if not text or text in {"AND", "OR", "NOT", "TO"}:
        return quoted(text)
    return re.sub(r"[\W_]", r"\\\g<0>", text)


def query_text(node: Node, literal: Callable[[str], str] = quoted) -> str:
    match node:
        case MatchAll():
            return ""
        case And(operands):
            return " ".join(_operand(operand, literal) for operand in operands)
        case Or(operands):
            return " OR ".join(_operand(operand, literal) for operand in operands)
        case Not(operand):
            return f"NOT {_operand(operand, literal)}"
        case Term(None, test):
            return _test(test, literal)
        case Term(field, test):
            return f"{quoted(field or '')}:{_test(test, literal)}"


def _operand(node: Node, literal: Callable[[str], str]) -> str:
    text = query_text(node, literal)
    return f"({text})" if isinstance(node, And | Or) else text


def _test(test: Test, literal: Callable[[str], str]) -> str:
    match test:
        case Literally(text):
            return literal(text)
        case Wildcard(pieces):
            return "".join(
                piece.value if isinstance(piece, Gap) else re.sub(r"[\W_]", r"\\\g<0>", piece)
                for piece in pieces
            )
        case Regex(pattern):
            return "/" + pattern.replace("/", "\\/") + "/"
        case Comparison(operator, operand):
            return operator + literal(operand)
        case Range(low, high, low_included, high_included):
            return (
                f"{'[' if low_included else '{'}{_bound(low, literal)} TO "
                f"{_bound(high, literal)}{']' if high_included else '}'}"
            )
        case Exists():
            return "*"


def _bound(bound: str | None, literal: Callable[[str], str]) -> str:
    return "*" if bound is None else literal(bound)
