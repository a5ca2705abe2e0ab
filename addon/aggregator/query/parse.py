"""From the text of a search to its syntax tree."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from lark import Lark, Token
from lark.exceptions import UnexpectedInput
from lark.parsers.lalr_interactive_parser import InteractiveParser

from aggregator.query.ast import Node, terms
from aggregator.query.build import TreeBuilder, column_of
from aggregator.query.check import check
from aggregator.query.errors import QuerySyntaxError, QueryValueError
from aggregator.query.explain_error import explain

MAX_CHARACTERS: Final = 4096
"""Longest search: far above what people type, and small enough to parse within some 10 ms."""

MAX_NESTING: Final = 50
"""Deepest brackets: nobody reads more, and what walks the tree recursively stays far from Python's limit."""


def parse(text: str) -> Node:
    """Parse a search.

    Args:
        text: the search as typed; an empty one finds everything.

    Raises:
        QuerySyntaxError: if it is not in the search language, or asks a field for what it can't have.
    """
    check_characters(text)
    parser = open_parser(text)
    try:
        for _ in tokens_of(parser):
            pass
        node = cast("Node", parser.feed_token(Token("$END", "")))
    except UnexpectedInput as error:
        raise _explain(text, error) from error
    for term in terms(node):
        try:
            check(term)
        except QueryValueError as error:
            raise QuerySyntaxError(error.message, term.column, error.expected) from error
    return node


def check_characters(text: str) -> None:
    """Raise QuerySyntaxError if a text can't be a search whatever it says."""
    if len(text) > MAX_CHARACTERS:
        raise QuerySyntaxError(
            f"a search has at most {MAX_CHARACTERS} characters, this one {len(text)}", MAX_CHARACTERS + 1, ()
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QuerySyntaxError("this character is half of a pair", error.start + 1, ()) from error


def open_parser(text: str) -> InteractiveParser:
    """Place a parser before the first token of a text."""
    return _parser().parse_interactive(text)


def tokens_of(parser: InteractiveParser) -> Iterator[Token]:
    """Let a parser go on to the end of its text; each token is shown before the parser takes it.

    Raises:
        QuerySyntaxError: if too many brackets are open.
        UnexpectedInput: if the text is not in the search language.
    """
    depth = 0
    for token in parser.iter_parse():
        depth += (token.type == "LPAR") - (token.type == "RPAR")
        if depth > MAX_NESTING:
            raise QuerySyntaxError(f"more than {MAX_NESTING} brackets are open", column_of(token), ())
        yield token


def accepted_by(parser: InteractiveParser) -> frozenset[str]:
    """Name the terminals that a parser could take next."""
    return frozenset(parser.accepts())  # type: ignore[no-untyped-call]  # lark's own gap


def _explain(text: str, error: UnexpectedInput) -> QuerySyntaxError:
    """Parse once more up to an error, to see what it came after and what could have come."""
    parser = open_parser(text)
    before = ""
    with contextlib.suppress(UnexpectedInput):
        for token in parser.iter_parse():
            if token.start_pos == error.pos_in_stream:
                break
            before = str(token)
    return explain(error, text, before, accepted_by(parser))


@functools.cache
def _parser() -> Lark:
    return Lark(
        Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8"),
        parser="lalr",
        transformer=TreeBuilder(),
        maybe_placeholders=False,
    )
