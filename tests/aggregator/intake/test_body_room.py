"""Room for bodies that arrive together."""

import pytest

from aggregator import limits
from aggregator.errors import OverloadedError
from aggregator.intake.body_room import BodyRoom


def test_a_body_alone_always_fits() -> None:
    with BodyRoom().hold() as hold:
        for _ in range(3):
            hold(limits.HELD_BODIES_BYTES)


def test_what_has_no_room_beside_others_is_refused_and_they_go_on() -> None:
    room = BodyRoom()
    with room.hold() as first, room.hold() as second:
        first(limits.HELD_BODIES_BYTES - 10)
        second(10)
        with pytest.raises(OverloadedError) as refused:
            second(1)
        assert refused.value.details == {"limit_bytes": limits.HELD_BODIES_BYTES}
        with pytest.raises(OverloadedError):
            first(1)


def test_room_is_free_again_behind_a_body_however_it_ended() -> None:
    room = BodyRoom()
    for _ in range(3):
        with room.hold() as other:
            other(1)
            with pytest.raises(OverloadedError):
                fill(room)
    with room.hold() as other, room.hold() as hold:
        other(1)
        hold(limits.HELD_BODIES_BYTES - 1)


def fill(room: BodyRoom) -> None:
    with room.hold() as hold:
        hold(limits.HELD_BODIES_BYTES // 2)
        hold(limits.HELD_BODIES_BYTES // 2)
