"""Tests of running text: words, phrases and wildcards found anywhere in it, in any case."""

import functools
import re
from collections.abc import Callable, Collection
from typing import Final

from aggregator.query.ast import Gap, Literally, Wildcard
from aggregator.query.fragment import FALSE, SqlFilter
from aggregator.query.regex import escape, is_word_character
from aggregator.query.spelling import Spelling
from aggregator.query.word_classes import EXACT, POSSIBLE, SURE, WordClasses

_WORD: Final = re.compile(r"[0-9a-z_]+")

type _Pieces = tuple[str | Gap, ...]

_FOLDED_ALIKE: Final = re.compile(r"[\x00-hjl-rt-\x7f]+")
"""Text of which RE2 and lower() fold the same: other characters than those of ASCII are taken for i, k, s."""

_SHORTEST_FRAGMENT: Final = 3
"""A fragment below this is in so many rows that looking for it first saves nothing."""


def words_filter(column: str, test: Literally | Wildcard, spelled: Callable[[str], Spelling]) -> SqlFilter:
    """Find whole words, or text between whole words.

    Each step costs more than the one before and only sees what that left open.

    Args:
        column: quoted column of text.
        test: what to find; its gaps stand for characters of words.
        spelled: how a word is written in the column.
    """
    pieces = test.pieces if isinstance(test, Wildcard) else (test.text,)
    folded = tuple(piece if isinstance(piece, Gap) else fold(piece) for piece in pieces)
    if folded == ("",):
        return SqlFilter(f"{column} = ''")
    spellings = {word: spelled(word) for word in whole_words(test)}
    if Spelling.ABSENT in spellings.values():
        return FALSE
    longest = max((piece for piece in folded if isinstance(piece, str)), key=len, default="")
    text = f"lower({column})"
    lower_case = [word for word, spelling in spellings.items() if spelling is Spelling.LOWER_CASE]
    steps = _containing(column, text, longest, lower_case)
    if _pattern(folded, EXACT) != escape(longest):
        steps.append(_in_words(text, folded))
    return functools.reduce(_then, steps)


def whole_words(test: Literally | Wildcard) -> list[str]:
    """List the words that are whole in every match: ASCII letters in lower case, digits and `_`.

    Any other character parts words. A word at an edge of the searched text is whole, because a match ends
    where words end. A word beside a gap may go on into it.
    """
    pieces = test.pieces if isinstance(test, Wildcard) else (test.text,)
    found: dict[str, None] = {}
    for number, piece in enumerate(pieces):
        if not isinstance(piece, str):
            continue
        text = fold(piece)
        first, last = number == 0, number == len(pieces) - 1
        for word in _WORD.finditer(text):
            if (first or word.start() > 0) and (last or word.end() < len(text)):
                found[word[0]] = None
    return list(found)


def _containing(column: str, lowered: str, text: str, lower_case: Collection[str]) -> list[SqlFilter]:
    """List the steps that find a text in any case, without the cost of lower() for most rows.

    Args:
        column: quoted column of text.
        lowered: its text in lower case.
        text: what to find there.
        lower_case: words that the column has in lower case only, and that each match has.
    """
    longest = max(lower_case, key=len, default="")
    if len(longest) >= _SHORTEST_FRAGMENT:
        steps = [SqlFilter(f"contains({column}, ?)", (longest,))]
        if longest != text:
            steps.append(SqlFilter(f"contains({lowered}, ?)", (text,)))
        return steps
    fragment = max(_FOLDED_ALIKE.findall(text), key=len, default="")
    steps = []
    if len(fragment) < _SHORTEST_FRAGMENT:
        fragment = ""
    elif any(map(str.isalpha, fragment)):
        steps.append(SqlFilter(f"regexp_matches({column}, ?)", (f"(?i){escape(fragment)}",)))
    else:
        steps.append(SqlFilter(f"contains({column}, ?)", (fragment,)))
    if fragment != text:
        steps.append(SqlFilter(f"contains({lowered}, ?)", (text,)))
    return steps


def _then(first: SqlFilter, second: SqlFilter) -> SqlFilter:
    """Join conditions of which the second one sees only what passed the first."""
    return SqlFilter(
        f"CASE WHEN {first.sql} THEN {second.sql} ELSE FALSE END", first.parameters + second.parameters
    )


def _in_words(text: str, pieces: _Pieces) -> SqlFilter:
    """Match the searched text with regard to where words begin and end.

    The exact pattern is compiled when a row needs it, and not before: inside a lambda, and by a function
    that doesn't look at its pattern while the query is planned.
    """
    sure, possible, exact = (_pattern(pieces, classes) for classes in (SURE, POSSIBLE, EXACT))
    return SqlFilter(
        f"CASE WHEN regexp_matches({text}, ?) THEN TRUE WHEN regexp_matches({text}, ?) "
        f"THEN len(list_filter([{text}], lambda open: len(regexp_extract_all(open, ?)) > 0)) > 0 "
        "ELSE FALSE END",
        (sure, possible, exact),
    )


def _pattern(pieces: _Pieces, classes: WordClasses) -> str:
    start, end = _is_word_edge(pieces[0], 0), _is_word_edge(pieces[-1], -1)
    # A star at an edge lets the word go on, which is to demand nothing there.
    inner = pieces[pieces[0] is Gap.ANY : len(pieces) - (pieces[-1] is Gap.ANY)]
    body = "".join(_piece_pattern(piece, classes) for piece in inner)
    return (f"(?:^|{classes.outside})" if start else "") + body + (f"(?:{classes.outside}|$)" if end else "")


def _is_word_edge(piece: str | Gap, position: int) -> bool:
    return piece is Gap.ONE or (isinstance(piece, str) and is_word_character(piece[position]))


def _piece_pattern(piece: str | Gap, classes: WordClasses) -> str:
    match piece:
        case Gap.ANY:
            return classes.inside + "*"
        case Gap.ONE:
            return classes.inside
        case _:
            return escape(piece)


def fold(text: str) -> str:
    """Lower each character of a text by itself, as the engine's lower() does: always one for one."""
    return text.lower() if text.isascii() else "".join(character.lower()[0] for character in text)
