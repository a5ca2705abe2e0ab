"""Fingerprints: whether a number is one of many, in little space; never a false no.

A number is mixed; its upper half says which bucket it is in, and of the lower half 16 bits are kept there. A
look-up reads two places: where its bucket begins and ends, and what is there, which are eight on average.
"""

import struct
from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np

from aggregator.store.segments.words import Hashes

_BUCKET_NUMBERS: Final = 8
"""With 16 bits of each, one number in 8,192 is found though it was never put in, for 17.3 bits a number.

Thirty million records are 450 segments, so that one search in 18 for what none has opens one. A Bloom filter
of that size would let each open two.
"""

_FINGERPRINT_BITS: Final = 16
_FINGERPRINT_BYTES: Final = _FINGERPRINT_BITS // 8
_FINGERPRINT_MASK: Final = (1 << _FINGERPRINT_BITS) - 1

_GROUP_BUCKETS: Final = 16
_GROUP: Final = np.dtype([("before", "<u4"), ("bounds", "u1", _GROUP_BUCKETS + 1)])
"""Neighbouring buckets: how many fingerprints come before theirs, and where each of them begins and ends."""

_BEFORE_BYTES: Final = 4
_GROUP_BYTES: Final = _GROUP.itemsize
_FULL: Final = 255
"""Fingerprints of a group from which on its buckets hold whatever is asked for: 128 are expected, and only
numbers that were chosen for it are so many."""

_PLACE_SHIFT: Final = 32
_HEAD: Final = struct.Struct("<I")
_MASK: Final = (1 << 64) - 1

# The constants of splitmix64 (Steele, Lea, Flood, 2014).
_MIXERS: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST_SHIFT: Final = 31


class Source(Protocol):
    """Bytes or a mapped file."""

    def __getitem__(self, part: slice, /) -> bytes: ...

    def find(self, part: bytes, start: int, end: int, /) -> int:
        """Return where a part begins between two places; -1 if it does not."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A number to be looked up, in as many fingerprints as there are.

    Args:
        place: of its bucket among all, of 32 bits.
        fingerprint: what is kept of it there.
    """

    place: int
    fingerprint: bytes

    @classmethod
    def of(cls, number: int) -> Self:
        """Prepare a number of 64 bits."""
        mixed = number
        for shift, factor in _MIXERS:
            mixed = (mixed ^ mixed >> shift) * factor & _MASK
        mixed ^= mixed >> _LAST_SHIFT
        return cls(mixed >> _PLACE_SHIFT, (mixed & _FINGERPRINT_MASK).to_bytes(_FINGERPRINT_BYTES, "little"))


def build(numbers: Hashes) -> bytes:
    """Return the fingerprints of numbers of 64 bits."""
    mixed = _mixed(numbers)
    mixed.sort()
    groups = max(-(-len(mixed) // (_BUCKET_NUMBERS * _GROUP_BUCKETS)), 1)
    buckets = groups * _GROUP_BUCKETS
    bucket = ((mixed >> np.uint64(_PLACE_SHIFT)) * np.uint64(buckets) >> np.uint64(_PLACE_SHIFT)).astype(
        np.intp
    )
    starts = np.searchsorted(bucket, np.arange(buckets + 1))
    group_starts = starts[:-1:_GROUP_BUCKETS]
    kept = mixed[np.arange(len(mixed)) - group_starts[bucket // _GROUP_BUCKETS] < _FULL]
    bounds = np.lib.stride_tricks.sliding_window_view(starts, _GROUP_BUCKETS + 1)[::_GROUP_BUCKETS]
    bounds = np.minimum(bounds - group_starts[:, np.newaxis], _FULL)
    directory = np.empty(groups, _GROUP)
    directory["before"] = np.cumsum(bounds[:, -1]) - bounds[:, -1]
    directory["bounds"] = bounds
    fingerprints = (kept & np.uint64(_FINGERPRINT_MASK)).astype("<u2")
    return _HEAD.pack(groups) + directory.tobytes() + fingerprints.tobytes()


class Fingerprints:
    """Fingerprints of numbers.

    Args:
        data: what has them.
        start: where they begin in it.
        source: where look-ups read the same bytes, if not there.
    """

    __slots__ = ("_buckets", "_directory", "_first", "_source")

    def __init__(self, data: bytes, start: int = 0, source: Source | None = None) -> None:
        self._source = source or data
        self._directory = start + _HEAD.size
        (groups,) = _HEAD.unpack_from(data, start)
        self._buckets = groups * _GROUP_BUCKETS
        self._first = self._directory + groups * _GROUP_BYTES

    def may_hold(self, probe: Probe) -> bool:
        """Tell whether a number may be one of these."""
        source = self._source
        bucket = probe.place * self._buckets >> _PLACE_SHIFT
        start = self._directory + bucket // _GROUP_BUCKETS * _GROUP_BYTES
        group = source[start : start + _GROUP_BYTES]
        bound = _BEFORE_BYTES + bucket % _GROUP_BUCKETS
        if group[bound + 1] == _FULL:
            return True
        before = int.from_bytes(group[:_BEFORE_BYTES], "little")
        first = self._first + _FINGERPRINT_BYTES * (before + group[bound])
        end = self._first + _FINGERPRINT_BYTES * (before + group[bound + 1])
        found = source.find(probe.fingerprint, first, end)
        # The end of one fingerprint and the beginning of the next may look like it too.
        while found >= 0 and (found - first) % _FINGERPRINT_BYTES:
            found = source.find(probe.fingerprint, found + 1, end)
        return found >= 0


def _mixed(numbers: Hashes) -> Hashes:
    mixed = numbers.copy()
    for shift, factor in _MIXERS:
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(_LAST_SHIFT)
    return mixed
