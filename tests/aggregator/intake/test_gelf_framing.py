"""Messages of GELF in a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.gelf_framing import GelfFraming

texts = st.binary(min_size=1, max_size=20).map(lambda text: b"{" + text.replace(b"\0", b" "))


@given(st.lists(texts, max_size=8), st.integers(1, 30))
def test_messages_may_be_cut_anywhere(sent: list[bytes], size: int) -> None:
    stream = b"\0".join(sent)
    framing = GelfFraming()
    taken = [
        message for at in range(0, len(stream), size) for message in framing.take(stream[at : at + size])
    ]
    assert taken + framing.end() == sent
    assert not framing.is_within


def test_blank_messages_are_none() -> None:
    assert GelfFraming().take(b"\0\n\0{}\0") == [b"{}"]


@pytest.mark.parametrize("size", [1000, 10**7])
def test_what_is_too_long_is_left_out_and_what_follows_is_taken(size: int) -> None:
    stream = b"x" * 3 * limits.MESSAGE_BYTES + b"\0{}\0"
    framing = GelfFraming()
    taken = [
        message for at in range(0, len(stream), size) for message in framing.take(stream[at : at + size])
    ]
    assert taken == [b"{}"]
    assert framing.too_long == 1
    assert not framing.is_within
