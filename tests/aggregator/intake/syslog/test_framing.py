"""Messages of syslog in a stream."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.syslog.framing import SyslogFraming

texts = st.binary(min_size=1, max_size=30).map(lambda text: b"<1>" + text.replace(b"\0", b" "))
lines = texts.map(lambda text: text.replace(b"\n", b" "))


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    """Cut a stream into pieces of these sizes, over and over."""
    pieces: list[bytes] = []
    for size in itertools.cycle(sizes):
        if not stream:
            return pieces
        pieces.append(stream[:size])
        stream = stream[size:]
    return pieces


def messages_of(*pieces: bytes) -> list[bytes]:
    framing = SyslogFraming()
    taken = [message for piece in pieces for message in framing.take(piece)]
    return taken + framing.end()


@given(st.lists(st.tuples(st.booleans(), texts), max_size=8), st.lists(st.integers(1, 20), min_size=1))
def test_counted_messages_and_lines_may_be_mixed_and_cut_anywhere(
    sent: list[tuple[bool, bytes]], sizes: list[int]
) -> None:
    expected = [text if is_counted else text.replace(b"\n", b" ") for is_counted, text in sent]
    stream = b"".join(
        b"%d %b" % (len(text), text) if is_counted else text + b"\n"
        for (is_counted, _), text in zip(sent, expected, strict=True)
    )
    assert messages_of(*cut(stream, sizes)) == expected


@given(st.lists(texts, min_size=1, max_size=8))
def test_zero_bytes_end_messages_with_newlines_in_them(sent: list[bytes]) -> None:
    assert messages_of(b"".join(text + b"\0" for text in sent)) == sent


@given(st.lists(st.binary(max_size=20)))
def test_whatever_comes_is_in_the_messages(pieces: list[bytes]) -> None:
    left = b"".join(messages_of(*pieces))
    assert set(left) - set(b"\0\n \t\r\x0b\x0c0123456789") == set(b"".join(pieces)) - set(
        b"\0\n \t\r\x0b\x0c0123456789"
    )


def test_blank_lines_are_no_messages() -> None:
    # `logger -T` ends with one.
    assert messages_of(b"<13>one\n\n<13>two\n \r\n\n") == [b"<13>one", b"<13>two"]


@pytest.mark.parametrize("line", [b"2026-11-29 10:00:00 message", b"2026 message", b"10"])
def test_a_line_that_begins_with_a_number_is_a_line(line: bytes) -> None:
    assert messages_of(line + b"\n<13>next\n") == [line, b"<13>next"]
    assert messages_of(line) == [line]


def test_the_last_message_needs_no_end() -> None:
    assert messages_of(b"<13>one\n<13>tw", b"o") == [b"<13>one", b"<13>two"]
    assert messages_of(b"100 <13>cut off") == [b"<13>cut off"]


@pytest.mark.parametrize("piece_bytes", [1000, 10**7])
def test_what_is_too_long_is_cut_and_what_follows_is_taken(piece_bytes: int) -> None:
    long = b"<13>" + b"x" * 3 * limits.MESSAGE_BYTES
    for stream in (long + b"\n<13>next\n", b"%d %b9 <13>next\n" % (len(long), long)):
        framing = SyslogFraming()
        taken = [message for piece in cut(stream, [piece_bytes]) for message in framing.take(piece)]
        assert taken == [long[: limits.MESSAGE_BYTES], b"<13>next" + (b"\n" if stream[:1] != b"<" else b"")]
        assert framing.too_long == 1
        assert not framing.is_within


def test_memory_is_bounded_whatever_is_announced() -> None:
    framing = SyslogFraming()
    for _ in range(50):
        framing.take(b"999999999 <13>" + b"x" * 100_000)
    assert len(framing._rest) <= limits.MESSAGE_BYTES + 20


@pytest.mark.parametrize(
    ("sent", "is_within"), [(b"", False), (b"<13>a", True), (b"<13>a\n", False), (b"9 <1", True)]
)
def test_it_is_known_whether_a_message_has_not_ended(sent: bytes, *, is_within: bool) -> None:
    framing = SyslogFraming()
    framing.take(sent)
    assert framing.is_within == is_within
