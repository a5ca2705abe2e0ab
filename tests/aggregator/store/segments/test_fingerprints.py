"""Fingerprints: what was put in is always found, what was not nearly never."""

import mmap
from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.segments import fingerprints
from aggregator.store.segments.fingerprints import Fingerprints, Probe

numbers = st.integers(0, 2**64 - 1)


def build(values: Iterable[int]) -> Fingerprints:
    return Fingerprints(fingerprints.build(np.array(list(values), np.uint64)))


def found(built: Fingerprints, values: Iterable[int]) -> int:
    return sum(built.may_hold(Probe.of(value)) for value in values)


def in_bucket_zero(generator: np.random.Generator, wanted: int) -> list[int]:
    """Numbers that all lie in the first bucket of a thousand."""
    chosen: list[int] = []
    while len(chosen) < wanted:
        some = generator.integers(0, 2**64, 100_000, np.uint64)
        chosen += [value for value in some.tolist() if Probe.of(value).place < 2**32 // 1000]
    return chosen[:wanted]


@given(st.lists(numbers | st.integers(0, 100), max_size=300))
def test_what_was_put_in_is_found(values: list[int]) -> None:
    assert found(build(values), values) == len(values)


def test_of_many_each_is_found() -> None:
    values = np.random.default_rng(3).integers(0, 2**64, 30_000, np.uint64).tolist()
    assert found(build(values), values) == len(values)


@given(numbers)
def test_none_of_no_numbers_is_found(value: int) -> None:
    assert not build([]).may_hold(Probe.of(value))


def test_one_number_in_five_thousand_at_most_is_found_though_it_was_not_put_in() -> None:
    generator = np.random.default_rng(7)
    for values in (generator.integers(0, 2**64, 20_000, np.uint64), np.arange(20_000, dtype=np.uint64)):
        data = fingerprints.build(values)
        assert 8 * len(data) < 17.45 * len(values)
        others = generator.integers(0, 2**64, 100_000, np.uint64).tolist()
        assert 1 <= found(Fingerprints(data), others) <= 20


def test_numbers_that_were_chosen_for_one_bucket_are_found_like_others() -> None:
    generator = np.random.default_rng(11)
    chosen = in_bucket_zero(generator, 400)
    others = generator.integers(0, 2**64, 6000, np.uint64).tolist()
    built = build([*chosen, *others])
    assert found(built, chosen) == len(chosen)
    assert found(built, others) == len(others)
    assert found(built, generator.integers(2**40, 2**64, 10_000, np.uint64).tolist()) < 300


def test_it_is_found_in_the_middle_of_other_data() -> None:
    values = list(range(1000))
    data = fingerprints.build(np.array(values, np.uint64))
    assert found(Fingerprints(b"before" + data + b"behind", 6), values) == len(values)


def test_it_is_read_where_it_was_said_to_lie() -> None:
    values = list(range(1000))
    data = fingerprints.build(np.array(values, np.uint64))
    with mmap.mmap(-1, len(data)) as mapped:
        built = Fingerprints(data, 0, mapped)
        assert found(built, values) == 0
        mapped[:] = data
        assert found(built, values) == len(values)


def test_building_leaves_the_numbers_as_they_are() -> None:
    values = np.arange(1000, dtype=np.uint64)[::-1].copy()
    fingerprints.build(values)
    assert values.tolist() == list(range(1000))[::-1]
