"""Bloom filters: what was put in is always found, what was not nearly never."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.segments import bloom

numbers = st.integers(0, 2**64 - 1)


def build(values: list[int]) -> bytes:
    return bloom.build(np.array(values, np.uint64))


@given(st.lists(numbers | st.integers(0, 100), max_size=300))
def test_what_was_put_in_is_found(values: list[int]) -> None:
    built = build(values)
    assert all(bloom.holds(built, value) for value in values)


@given(numbers)
def test_an_empty_filter_holds_nothing(value: int) -> None:
    assert build([]) == b""
    assert not bloom.holds(b"", value)


def test_one_number_in_fifty_at_most_is_found_though_it_was_not_put_in() -> None:
    generator = np.random.default_rng(7)
    for values in (generator.integers(0, 2**64, 20_000, np.uint64), np.arange(20_000, dtype=np.uint64)):
        built = bloom.build(values)
        assert len(built) * 8 <= bloom.BITS_PER_HASH * len(values) + 512
        others = generator.integers(0, 2**64, 100_000, np.uint64).tolist()
        wrongly = sum(bloom.holds(built, value) for value in others)
        assert wrongly <= 0.02 * len(others)


def test_building_leaves_the_numbers_as_they_are() -> None:
    values = np.arange(1000, dtype=np.uint64)
    bloom.build(values)
    assert values.tolist() == list(range(1000))
