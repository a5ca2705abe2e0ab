"""Compression that senders name wrongly, or not at all."""

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import InvalidEncodingError, TooLargeError
from aggregator.intake.compression import sniffed


@given(st.binary(max_size=200), st.integers(0, 9))
def test_gzip_and_zlib_are_told_by_their_first_bytes(content: bytes, level: int) -> None:
    assert sniffed(gzip.compress(content, level), 1000) == content
    assert sniffed(zlib.compress(content, level), 1000) == content


@given(st.text().map(str.encode))
def test_text_stays_as_it_is(content: bytes) -> None:
    if content[:1] != b"x":
        assert sniffed(content, 0) is content


@given(st.binary(max_size=50), st.sampled_from([b"", b"\x1f\x8b", b"\x78\x9c"]))
def test_no_bytes_raise_anything_but_our_errors(content: bytes, start: bytes) -> None:
    with contextlib.suppress(InvalidEncodingError, TooLargeError):
        sniffed(start + content, 100)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_bomb_is_refused(compress: type[bytes]) -> None:
    with pytest.raises(TooLargeError):
        sniffed(compress(bytes(1001)), 1000)
