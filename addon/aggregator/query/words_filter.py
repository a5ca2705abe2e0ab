"""Tests of running text: words, phrases and wildcards found anywhere in it, in any case."""

from aggregator.query.ast import Gap, Literally, Wildcard
from aggregator.query.fragment import SqlFilter
from aggregator.query.regex import WORD_CHARACTER, WORD_END, WORD_START, escape, is_word_character


def words_filter(column: str, test: Literally | Wildcard) -> SqlFilter:
    """Find whole words, or text between whole words.

    The regular expression costs five times a plain search, so it only sees rows that have the text.

    Args:
        column: quoted column of text.
        test: what to find; its gaps stand for characters of words.
    """
    pieces = test.pieces if isinstance(test, Wildcard) else (test.text,)
    folded = tuple(piece if isinstance(piece, Gap) else fold(piece) for piece in pieces)
    longest = max((piece for piece in folded if isinstance(piece, str)), key=len, default="")
    text = f"lower({column})"
    if folded == ("",):
        return SqlFilter(f"{column} = ''")
    pattern = _pattern(folded)
    if pattern == escape(longest):
        return SqlFilter(f"contains({text}, ?)", (longest,))
    if not longest:
        return SqlFilter(f"regexp_matches({text}, ?)", (pattern,))
    return SqlFilter(
        f"CASE WHEN contains({text}, ?) THEN regexp_matches({text}, ?) ELSE FALSE END", (longest, pattern)
    )


def _pattern(pieces: tuple[str | Gap, ...]) -> str:
    start, end = _is_word_edge(pieces[0], 0), _is_word_edge(pieces[-1], -1)
    # A star at an edge lets the word go on, which is to demand nothing there.
    inner = pieces[pieces[0] is Gap.ANY : len(pieces) - (pieces[-1] is Gap.ANY)]
    body = "".join(_piece_pattern(piece) for piece in inner)
    return (WORD_START if start else "") + body + (WORD_END if end else "")


def _is_word_edge(piece: str | Gap, position: int) -> bool:
    return piece is Gap.ONE or (isinstance(piece, str) and is_word_character(piece[position]))


def _piece_pattern(piece: str | Gap) -> str:
    match piece:
        case Gap.ANY:
            return WORD_CHARACTER + "*"
        case Gap.ONE:
            return WORD_CHARACTER
        case _:
            return escape(piece)


def fold(text: str) -> str:
    """Lower each character of a text by itself, as the engine's lower() does: always one for one."""
    return text.lower() if text.isascii() else "".join(character.lower()[0] for character in text)
