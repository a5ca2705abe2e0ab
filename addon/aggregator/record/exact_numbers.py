"""Numbers that the engine would round, kept as they were sent.

The engine reads a JSON number with a fraction or an exponent as a 64-bit float. Where that changes its value,
the number is put into a marked string before the engine sees it, and taken out again behind. Lines are looked
through for such numbers many bytes at once: nothing runs per row in Python but where one is found.
"""

import re
import secrets
from collections.abc import Iterator
from decimal import Decimal
from math import isinf
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from aggregator.record.pieces import pieces_of
from aggregator.sql import quote_literal

type _Places = npt.NDArray[np.intp]
type _Bytes = npt.NDArray[np.uint8]

_MARK: Final = f"number {secrets.token_hex(8)}:"
"""Nobody can send it, as nobody knows it."""

_TOKEN: Final = re.compile(
    rb'"(?:[^"\\]|\\.)*+"|-?[0-9]++(?P<inexact>(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)', re.DOTALL
)
_LONG: Final = 16
"""Digits and a dot together from which on a float may not hold a number; 15 digits it always holds."""

_WORD: Final = 8
"""Bytes looked at together. Among 15 digits and dots in a row there are always 8 that begin at a multiple."""

_PIECE_BYTES: Final = 512 * 1024
"""Bytes of lines looked through at once."""

_CACHED_BYTES: Final = 128 * 1024
"""Bytes looked at before the next: they stay in the processor's cache, and take no fresh memory each time."""

_JUST_BEFORE: Final = -np.arange(1, _LONG - _WORD + 1)
_JUST_BEHIND: Final = np.arange(_WORD, _LONG)
_SIDE: Final = 12
"""Characters looked at on each side of such a word; numbers that go on beyond are long."""

_KIND: Final = np.uint64(0xE0E0_E0E0_E0E0_E0E0)
_SIGNS: Final = np.uint64(0x2020_2020_2020_2020)
"""What these bits are where all eight characters are punctuation or digits."""

_TO_DOT: Final = np.uint64(0x5252_5252_5252_5252)
_TOP: Final = np.uint64(0x8080_8080_8080_8080)
"""With this added, these bits are set in a dot and what comes behind it."""

_PAST_NINE: Final = np.uint64(0x0606_0606_0606_0606)
_SECOND: Final = np.uint64(0x4040_4040_4040_4040)
"""With this added, none of these bits is set up to a nine. So what is left is dots, slashes and digits."""

_CASE_BIT: Final = np.uint16(0x20)
_SMALL_EXPONENT: Final = np.frombuffer(b"e-", "<u2")[0]


def _table(characters: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters)] = True
    return table


_DIGIT: Final = _table(b"0123456789")
_DIGIT_OR_DOT: Final = _table(b"0123456789.")
_BEFORE: Final = _table(b":,[- \t\r")
_EXPONENT: Final = _table(b"eE")
_AFTER: Final = _table(b",]} \t\r")


def protect(lines: bytes) -> bytes:
    """Return lines with each number that the engine would round in a marked string.

    Args:
        lines: each a JSON object and ended by a newline.

    Returns:
        The very same object when there is none.
    """
    found = False
    pieces = []
    # What is looked at of a number takes many times its bytes.
    for piece in pieces_of(lines, _PIECE_BYTES):
        protected = _protect(piece)
        found = found or protected is not piece
        pieces.append(protected)
    return b"".join(pieces) if found else lines


def _protect(lines: bytes) -> bytes:
    pieces = []
    done = seen = 0
    for place in _suspects(lines):
        if place < seen:
            continue
        start, end = lines.rfind(b"\n", seen, place) + 1 or seen, lines.find(b"\n", place)
        seen = end
        line = lines[start:end]
        protected = _TOKEN.sub(_protected, line)
        if protected != line:
            pieces += [lines[done:start], protected]
            done = end
    return b"".join([*pieces, lines[done:]]) if pieces else lines


def restored(value: str) -> str:
    """SQL of a text or of JSON text with the numbers as they were sent.

    Args:
        value: SQL of a VARCHAR.
    """
    return f"regexp_replace({value}, {quote_literal(f'"?{_MARK}([0-9eE.+-]*)"?')}, '\\1', 'g')"


def _protected(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if token["inexact"] and _is_rounded(text):
        return b'"' + _MARK.encode() + text + b'"'
    return text


def _is_rounded(number: bytes) -> bool:
    """Tell whether the float next to a number has another value, which the engine takes for it."""
    text = number.decode()
    as_float = float(text)
    if isinf(as_float):
        # Of what is too large for a float the engine keeps the text.
        return False
    if not as_float:
        return re.match("-?[0.]*[1-9]", text) is not None
    return Decimal(text) != Decimal(repr(as_float))


def _suspects(lines: bytes) -> Iterator[int]:
    """Places in lines that may hold a number which is rounded, in ascending order."""
    data = np.frombuffer(lines, np.uint8)
    places = [_long_numbers(lines, data), _small_numbers(lines, data)]
    yield from np.sort(np.concatenate(places)).tolist()


def _long_numbers(lines: bytes, data: _Bytes) -> _Places:
    """Where numbers of many digits stand that a float may not hold."""
    starts = _words_of_digits(lines, data)
    if not len(starts):
        return starts
    columns = np.arange(-_SIDE, _WORD + _SIDE)
    characters = _around(data, starts, columns)
    outside = ~_DIGIT_OR_DOT[characters]
    left = _first(outside[:, _SIDE - 1 :: -1])
    right = _first(outside[:, _SIDE + _WORD :])
    inside = (columns >= -left[:, None]) & (columns < _WORD + right[:, None])
    dots = np.count_nonzero(inside & (characters == ord(".")), axis=1)
    is_longer = (left == _SIDE) | (right == _SIDE)
    first, end = starts - left, starts + _WORD + right
    before, after = data[first - 1], data[np.minimum(end, len(data) - 1)]
    has_exponent = _EXPONENT[after]
    is_number = (
        (left + _WORD + right >= _LONG)
        & _BEFORE[before]
        & ((dots == 1) & _AFTER[after] | (dots <= 1) & has_exponent)
    )
    certain = starts[is_longer | is_number & has_exponent]
    plain = np.flatnonzero(is_number & ~has_exponent & ~is_longer)
    texts = [lines[a:b] for a, b in zip(first[plain].tolist(), end[plain].tolist(), strict=True)]
    return np.concatenate([certain, starts[plain[_written_otherwise(texts)]]])


def _words_of_digits(lines: bytes, data: _Bytes) -> _Places:
    """Where words begin that have nothing but digits and dots, with enough of them around."""
    words = np.frombuffer(lines, "<u8", len(lines) // _WORD)
    near = _places(words, np.bitwise_and, _KIND, _SIGNS)
    signs = words[near]
    near = near[(signs + _TO_DOT & _TOP == _TOP) & (signs + _PAST_NINE & _SECOND == 0)]
    places = near * _WORD
    before, behind = (
        _first(~_DIGIT_OR_DOT[_around(data, places, side)]) for side in (_JUST_BEFORE, _JUST_BEHIND)
    )
    places = places[before + behind >= _LONG - _WORD]
    kept: _Places = places[_DIGIT_OR_DOT[_around(data, places, np.arange(_WORD))].all(axis=1)]
    return kept


def _small_numbers(lines: bytes, data: _Bytes) -> _Places:
    """Where numbers stand that are so near to zero that their exponent has three digits."""
    by_offset = (np.frombuffer(lines, "<u2", (len(lines) - offset) // 2, offset) for offset in (0, 1))
    even, odd = (_places(pairs, np.bitwise_or, _CASE_BIT, _SMALL_EXPONENT) for pairs in by_offset)
    places = np.concatenate([2 * even, 2 * odd + 1])
    around = _around(data, places, np.arange(-1, 6))
    digits = _DIGIT[around]
    is_exponent = digits[:, 0] & digits[:, 3:6].all(axis=1) & (digits[:, 6] | _AFTER[around[:, 6]])
    kept: _Places = places[is_exponent]
    return kept


def _places(numbers: npt.NDArray[Any], combine: np.ufunc, bits: np.generic, wanted: np.generic) -> _Places:
    """Where numbers are what is wanted once they are combined with bits."""
    found = [np.empty(0, np.intp)]
    step = _CACHED_BYTES // numbers.itemsize
    combined, is_wanted = np.empty(step, numbers.dtype), np.empty(step, np.bool_)
    for start in range(0, len(numbers), step):
        piece = numbers[start : start + step]
        combine(piece, bits, out=combined[: len(piece)])
        np.equal(combined[: len(piece)], wanted, out=is_wanted[: len(piece)])
        found.append(np.flatnonzero(is_wanted[: len(piece)]) + start)
    return np.concatenate(found)


def _around(data: _Bytes, places: _Places, offsets: _Places) -> _Bytes:
    """The characters around places, a row each; beyond all lines is what stands at their ends: no digit."""
    return data.take(places[:, None] + offsets, mode="clip")


def _first(found: npt.NDArray[np.bool_]) -> _Places:
    """Place of the first true of each row; the number of places where there is none."""
    return np.where(found.any(axis=1), found.argmax(axis=1), found.shape[1])


def _written_otherwise(numbers: list[bytes]) -> list[int]:
    """Which numbers are not written as their floats are; finding it out of all at once is quicker."""
    together = b"[" + b",".join(numbers) + b"]"
    try:
        floats = orjson.dumps(orjson.loads(together))
    except orjson.JSONDecodeError:
        return list(range(len(numbers)))
    if floats == together:
        return []
    each = zip(numbers, floats[1:-1].split(b","), strict=True)
    return [place for place, (number, as_float) in enumerate(each) if number != as_float]
