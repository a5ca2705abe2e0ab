"""Words and values as numbers, for millions of them at once and for one of a search alike.

A word is a run of ASCII letters, digits and underscores, whatever its case; everything else parts words.
A value is a line of text as it stands. The number of either is a polynomial of its characters modulo 2**64,
so that columns of bytes give it without a loop.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

type Hashes = npt.NDArray[np.uint64]
type _Codes = npt.NDArray[np.uint8]

_BASE: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1

_CHUNK_BYTES: Final = 64 * 1024
"""Text hashed at once: its columns of eight bytes a character stay in the processor's cache."""

_ASCII_WHEN_LOWERED: Final = str.maketrans({"\u212a": "k", "\u0130": "i"})
"""Characters beyond ASCII whose lower case is in it: a search finds them by that letter."""

_NEWLINE: Final = ord("\n")


def _word_codes() -> _Codes:
    codes = np.zeros(256, np.uint8)
    for code in range(128):
        if chr(code).isalnum() or chr(code) == "_":
            codes[code] = ord(chr(code).lower())
    return codes


def _value_codes() -> _Codes:
    codes = np.arange(256, dtype=np.uint8)
    # Zero is what parts values, which is a newline here; it leaves its own code to the character zero.
    codes[[0, _NEWLINE]] = _NEWLINE, 0
    return codes


def _powers(base: int) -> Hashes:
    powers: Hashes = np.full(_CHUNK_BYTES, base, np.uint64)
    powers[0] = 1
    np.multiply.accumulate(powers, out=powers)
    return powers


_WORD_CODES: Final = _word_codes()
_VALUE_CODES: Final = _value_codes()
_POWERS: Final = _powers(_BASE)
_INVERSES: Final = _powers(pow(_BASE, -1, 1 << 64))


def word_hashes(text: str) -> Hashes:
    """Return the numbers of all words of a text, each once, in ascending order.

    A word longer than a chunk of 64 KiB, which no search can name, may count as several.
    """
    if not text.isascii():
        text = text.translate(_ASCII_WHEN_LOWERED)
    return _hashes(text, _WORD_CODES)


def word_hash(word: str) -> int:
    """Return the number of one word."""
    return _hash(word, _WORD_CODES)


def value_hashes(field: str, values: str) -> Hashes:
    """Return the numbers of a field's values.

    Args:
        field: its name.
        values: one a line.
    """
    return _hashes(values, _VALUE_CODES) * np.uint64(_salt(field))


def value_hash(field: str, value: str) -> int | None:
    """Return the number of one value of a field; None for one of several lines or of none."""
    if not value or "\n" in value or len(value.encode()) >= _CHUNK_BYTES:
        return None
    return _hash(value, _VALUE_CODES) * _salt(field) & _MASK


def distinct(hashes: Hashes) -> Hashes:
    """Return numbers in ascending order, each once; sorts the given ones in place."""
    hashes.sort()
    is_first = np.concatenate((np.ones(min(len(hashes), 1), np.bool_), hashes[1:] != hashes[:-1]))
    kept: Hashes = hashes[is_first]
    return kept


def _salt(field: str) -> int:
    # Odd, so that no two values of a field get the same number by it.
    return _hash(field, _VALUE_CODES) * 2 + 1 & _MASK


def _hash(text: str, codes: _Codes) -> int:
    number = 0
    for code in reversed(text.encode()):
        number = (number * _BASE + int(codes[code])) & _MASK
    return number


def _hashes(text: str, alphabet: _Codes) -> Hashes:
    data = text.encode()
    codes = np.frombuffer(data, np.uint8)
    found = []
    start = 0
    while start < len(data):
        end = _chunk_end(data, start, alphabet)
        found.append(_chunk_hashes(alphabet[codes[start:end]]))
        start = end
    return distinct(np.concatenate(found)) if found else np.empty(0, np.uint64)


def _chunk_end(data: bytes, start: int, alphabet: _Codes) -> int:
    """End of the chunk from a place on: behind a character that parts words, if there is one."""
    end = start + _CHUNK_BYTES
    if end >= len(data):
        return len(data)
    newline = data.rfind(b"\n", start, end)
    if newline >= 0:
        return newline + 1
    parting = np.flatnonzero(alphabet[np.frombuffer(data, np.uint8, _CHUNK_BYTES, start)] == 0)
    return start + int(parting[-1]) + 1 if len(parting) else end


def _chunk_hashes(codes: _Codes) -> Hashes:
    in_word = codes != 0
    starts = np.flatnonzero(in_word[1:] > in_word[:-1]) + 1
    if in_word[0]:
        starts = np.concatenate((np.zeros(1, starts.dtype), starts))
    if not len(starts):
        return np.empty(0, np.uint64)
    # What parts words counts as zero, so a sum from one start to the next is that of one word.
    return np.add.reduceat(codes * _POWERS[: len(codes)], starts) * _INVERSES[starts]
