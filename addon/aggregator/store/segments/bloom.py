"""Blocked Bloom filters: whether a number was put in, answered from one cache line; never a false no.

All bits of a number lie in one block of 512 bits (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient
Bloom Filters, 2007).
"""

from typing import Final, Protocol

import numpy as np

from aggregator.store.segments.words import Hashes

BITS_PER_HASH: Final = 12
"""With six probes five numbers in a thousand are found though they were never put in."""

_PROBES: Final = 6
_PROBE_BITS: Final = 9
_BLOCK_BITS: Final = 1 << _PROBE_BITS
_BLOCK_BYTES: Final = _BLOCK_BITS // 8
_MASK: Final = (1 << 64) - 1

# The constants of splitmix64 (Steele, Lea, Flood, 2014), and one of Stafford's for the second round.
_MIXERS: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST_SHIFT: Final = 31
_PROBE_FACTOR: Final = 0xD6E8FEB86659FD93


class Bytes(Protocol):
    """Bytes or a mapped file."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


def build(hashes: Hashes) -> bytes:
    """Build the filter of some numbers."""
    blocks = -(-len(hashes) * BITS_PER_HASH // _BLOCK_BITS)
    bits = np.zeros((blocks, _BLOCK_BITS), np.bool_)
    mixed = hashes.copy()
    for shift, factor in _MIXERS:
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(_LAST_SHIFT)
    block = (mixed >> np.uint64(32)) * np.uint64(blocks) >> np.uint64(32)
    probes = mixed * np.uint64(_PROBE_FACTOR)
    for probe in range(_PROBES):
        bit = probes >> np.uint64(_PROBE_BITS * probe) & np.uint64(_BLOCK_BITS - 1)
        bits[block.astype(np.intp), bit.astype(np.intp)] = True
    return np.packbits(bits, bitorder="little").tobytes()


def holds(filter_bytes: Bytes, number: int) -> bool:
    """Tell whether a number may have been put in.

    Args:
        filter_bytes: what `build` returned.
        number: of 64 bits.
    """
    blocks = len(filter_bytes) // _BLOCK_BYTES
    mixed = number
    for shift, factor in _MIXERS:
        mixed ^= mixed >> shift
        mixed = mixed * factor & _MASK
    mixed ^= mixed >> _LAST_SHIFT
    start = ((mixed >> 32) * blocks >> 32) * _BLOCK_BYTES
    block = int.from_bytes(filter_bytes[start : start + _BLOCK_BYTES], "little")
    probes = mixed * _PROBE_FACTOR & _MASK
    return all(block >> (probes >> _PROBE_BITS * probe & _BLOCK_BITS - 1) & 1 for probe in range(_PROBES))
