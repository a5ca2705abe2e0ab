"""The catalogue: parts stay for those who read them, and go when the last of these is done."""

from contextlib import ExitStack

import pytest

from aggregator.store.part import Catalogue, Part, View


class Kept(Part):
    """A part that tells how often it was disposed of."""

    __slots__ = ("disposals",)

    def __init__(self, number: int) -> None:
        super().__init__(number, View("", {}))
        self.disposals = 0

    def dispose(self) -> None:
        self.disposals += 1


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture
def parts(catalogue: Catalogue) -> list[Kept]:
    parts = [Kept(number) for number in range(4)]
    for part in parts:
        catalogue.add(part)
    return parts


def test_a_part_that_nobody_reads_goes_at_once(catalogue: Catalogue, parts: list[Kept]) -> None:
    catalogue.replace(parts[:1], None)
    assert [part.disposals for part in parts] == [1, 0, 0, 0]
    with catalogue.lease() as leased:
        assert list(leased) == parts[1:]


def test_a_part_goes_after_the_last_of_its_readers(catalogue: Catalogue, parts: list[Kept]) -> None:
    new = Kept(9)
    first, second = ExitStack(), ExitStack()
    seen = first.enter_context(catalogue.lease()), second.enter_context(catalogue.lease())
    catalogue.replace(parts[:2], new)
    with catalogue.lease() as leased:
        assert list(leased) == [*parts[2:], new]
    assert [list(leased) for leased in seen] == [parts, parts]
    first.close()
    assert [part.disposals for part in parts] == [0, 0, 0, 0]
    assert [part.retired for part in parts] == [True, True, False, False]
    second.close()
    assert [part.disposals for part in (*parts, new)] == [1, 1, 0, 0, 0]


def test_a_reader_from_before_a_part_came_does_not_hold_it(catalogue: Catalogue, parts: list[Kept]) -> None:
    late = Kept(9)
    with catalogue.lease() as leased:
        catalogue.add(late)
        catalogue.replace([late], None)
        assert late.disposals == 1
        assert list(leased) == parts


def test_a_part_may_be_replaced_by_its_reader(catalogue: Catalogue, parts: list[Kept]) -> None:
    with catalogue.lease() as leased:
        for part in leased:
            catalogue.replace([part], None)
        assert [part.disposals for part in parts] == [0, 0, 0, 0]
    assert [part.disposals for part in parts] == [1, 1, 1, 1]


def test_a_part_that_is_not_there_is_not_replaced(catalogue: Catalogue, parts: list[Kept]) -> None:
    with pytest.raises(ValueError, match="not in list"):
        catalogue.replace([parts[0], Kept(9)], None)
    assert not parts[0].retired
    with catalogue.lease() as leased:
        assert list(leased) == parts
