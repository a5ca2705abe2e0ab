"""Whether bytes are UTF-8."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.record.utf8 import is_utf8

_PIECES = st.sampled_from(
    [b"a", b" " * 20, "é".encode(), "€".encode(), "🏠".encode(), b"\xc3", b"\xa9", b"\xff", b"\0"]
)


@given(st.lists(_PIECES | st.binary(max_size=3), max_size=40).map(b"".join))
def test_it_agrees_with_the_interpreter(text: bytes) -> None:
    try:
        text.decode()
    except UnicodeDecodeError:
        assert not is_utf8(text)
    else:
        assert is_utf8(text)


def test_what_stands_apart_completes_nothing() -> None:
    assert is_utf8(b"x" * 100 + "é".encode())
    assert not is_utf8(b"x" * 100 + b"\xc3" + b"x" + b"\xa9")
