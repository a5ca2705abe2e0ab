"""Words and values as numbers, for millions of them at once and for one of a search alike.

A word is a run of ASCII letters, digits and underscores, whatever its case; everything else parts words.
A value is a line of text as it stands. The number of either is a polynomial of its characters modulo 2**64,
so that columns of bytes give it without a loop; a factor that each field has for itself tells the same word
or value of two fields apart.
"""

import functools
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

type Hashes = npt.NDArray[np.uint64]

_BASE: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1

_CHUNK_BYTES: Final = 64 * 1024
"""Text hashed at once: its columns of eight bytes a character stay in the processor's cache."""

_ASCII_WHEN_LOWERED: Final = str.maketrans({"\u212a": "K", "\u0130": "I"})
"""Characters beyond ASCII whose lower case is in it: a search finds them by that letter."""

_FIRST_CAPITAL: Final = np.uint8(ord("A"))
_CAPITALS: Final = 26

_NEWLINE: Final = ord("\n")
_MARK: Final = "\nhas capitals"
"""No field's name has a line's end."""


def _word_codes() -> bytes:
    codes = bytearray(256)
    for code in range(128):
        if chr(code).isalnum() or chr(code) == "_":
            codes[code] = ord(chr(code).lower())
    return bytes(codes)


def _value_codes() -> bytes:
    codes = bytearray(range(256))
    # Zero is what parts values, which is a newline here; it leaves its own code to the character zero.
    codes[0], codes[_NEWLINE] = _NEWLINE, 0
    return bytes(codes)


def _powers(base: int) -> Hashes:
    powers: Hashes = np.full(_CHUNK_BYTES, base, np.uint64)
    powers[0] = 1
    np.multiply.accumulate(powers, out=powers)
    return powers


_WORD_CODES: Final = _word_codes()
_VALUE_CODES: Final = _value_codes()
_POWERS: Final = _powers(_BASE)
_INVERSES: Final = _powers(pow(_BASE, -1, 1 << 64))


def text_hashes(field: str, text: str) -> Hashes:
    """Return the numbers of all words of a running text, and the marks of those that have capitals somewhere.

    Each comes once, in ascending order. A word longer than a chunk of 64 KiB, which no search can name, may
    count as several.

    Args:
        field: the text's.
        text: any number of texts, with anything between them that parts words.
    """
    if not text.isascii():
        text = text.translate(_ASCII_WHEN_LOWERED)
    words, marked = [], []
    for chunk in _chunks(text.encode(), _WORD_CODES):
        starts, hashes = _runs(chunk, _WORD_CODES)
        words.append(hashes)
        # Smaller ones become very large, as they have no sign.
        capitals = np.flatnonzero(np.frombuffer(chunk, np.uint8) - _FIRST_CAPITAL < _CAPITALS)
        if len(capitals):
            marked.append(hashes[distinct(np.searchsorted(starts, capitals, "right") - 1)])
    return distinct(
        np.concatenate(
            [
                np.empty(0, np.uint64),
                *(hashes * np.uint64(_salt(field)) for hashes in words),
                *(hashes * np.uint64(_salt(field, _MARK)) for hashes in marked),
            ]
        )
    )


def word_hash(field: str, word: str) -> int:
    """Return the number of one word of a running text."""
    return _hash(word, _WORD_CODES) * _salt(field) & _MASK


def capitals_mark(field: str, word: str) -> int:
    """Return what marks a word that has capitals somewhere in a running text."""
    return _hash(word, _WORD_CODES) * _salt(field, _MARK) & _MASK


def value_hashes(field: str, values: str) -> Hashes:
    """Return the numbers of a field's values.

    Args:
        field: its name.
        values: one a line.
    """
    found = [_runs(chunk, _VALUE_CODES)[1] for chunk in _chunks(values.encode(), _VALUE_CODES)]
    return distinct(np.concatenate([np.empty(0, np.uint64), *found])) * np.uint64(_salt(field))


def value_hash(field: str, value: str) -> int | None:
    """Return the number of one value of a field; None for one of several lines or of none."""
    if not value or "\n" in value or len(value.encode()) >= _CHUNK_BYTES:
        return None
    return _hash(value, _VALUE_CODES) * _salt(field) & _MASK


def distinct[Number: np.generic](numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return numbers in ascending order, each once; sorts the given ones in place."""
    numbers.sort()
    is_first = np.concatenate((np.ones(min(len(numbers), 1), np.bool_), numbers[1:] != numbers[:-1]))
    kept: npt.NDArray[Number] = numbers[is_first]
    return kept


@functools.cache
def _salt(field: str, purpose: str = "") -> int:
    # Odd, so that no two values of a field get the same number by it.
    return _hash(field + purpose, _VALUE_CODES) * 2 + 1 & _MASK


def _hash(text: str, alphabet: bytes) -> int:
    number = 0
    for code in reversed(text.encode().translate(alphabet)):
        number = (number * _BASE + code) & _MASK
    return number


def _chunks(data: bytes, alphabet: bytes) -> Iterator[bytes]:
    """Cut a text into chunks, at characters that part words where there are any."""
    start = 0
    while start < len(data):
        end = _chunk_end(data, start, alphabet)
        yield data[start:end]
        start = end


def _chunk_end(data: bytes, start: int, alphabet: bytes) -> int:
    """End of the chunk from a place on: behind a character that parts words, if there is one."""
    end = start + _CHUNK_BYTES
    if end >= len(data):
        return len(data)
    newline = data.rfind(b"\n", start, end)
    if newline >= 0:
        return newline + 1
    parting = data[start:end].translate(alphabet).rfind(0)
    return start + parting + 1 if parting >= 0 else end


def _runs(chunk: bytes, alphabet: bytes) -> tuple[npt.NDArray[np.intp], Hashes]:
    """Where the runs of codes other than zero begin in a chunk, and the number of each."""
    codes = np.frombuffer(chunk.translate(alphabet), np.uint8)
    in_word = codes != 0
    starts = np.flatnonzero(in_word[1:] > in_word[:-1]) + 1
    if len(codes) and in_word[0]:
        starts = np.concatenate((np.zeros(1, starts.dtype), starts))
    if not len(starts):
        return starts, np.empty(0, np.uint64)
    # What parts words counts as zero, so a sum from one start to the next is that of one word.
    return starts, np.add.reduceat(codes * _POWERS[: len(codes)], starts) * _INVERSES[starts]
