"""Frames of the write-ahead log: whole ones are found whatever happened to the others."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.log.frame import DamagedBytes, Frame, StoredFrame, decode_all, encode, locate_all

frames = st.builds(
    Frame,
    first_seq=st.integers(1, 2**63),
    rows=st.integers(0, 2**32 - 1),
    observed_ns=st.integers(0, 2**64 - 1),
    source=st.text("abc_-é", max_size=32),
    lines=st.binary(max_size=300),
)
THREE = [
    Frame(first_seq, 2, 1_700_000_000_000_000_000 + first_seq, "library", b'{"message":"HIF1"}\n' * 2)
    for first_seq in (1, 3, 5)
]
ENCODED = [encode(frame) for frame in THREE]
FILE = b"".join(ENCODED)


def whole(data: bytes) -> list[Frame]:
    """Return the frames that can be read; damage must account for every other byte."""
    found = []
    position = 0
    for item in decode_all(data):
        if isinstance(item, DamagedBytes):
            assert item.offset == position
            assert item.size_bytes > 0
            assert item.at_end == (item.offset + item.size_bytes == len(data))
            position += item.size_bytes
        else:
            found.append(item)
            position += len(encode(item))
    assert position == len(data)
    return found


@given(st.lists(frames, max_size=4))
def test_frames_come_back_as_they_were(written: list[Frame]) -> None:
    assert list(decode_all(b"".join(map(encode, written)))) == written


def test_whole_frames_are_found_wherever_the_file_is_cut_off() -> None:
    ends = [sum(map(len, ENCODED[:count])) for count in range(4)]
    for size in range(len(FILE) + 1):
        complete = max(count for count in range(4) if ends[count] <= size)
        assert whole(FILE[:size]) == THREE[:complete]


def test_one_changed_byte_costs_one_frame_only() -> None:
    for position in range(len(FILE)):
        for changed_bits in (0x01, 0x80, 0xFF):
            damaged = bytearray(FILE)
            damaged[position] ^= changed_bits
            hit = next(index for index in range(3) if position < sum(map(len, ENCODED[: index + 1])))
            assert whole(bytes(damaged)) == [frame for index, frame in enumerate(THREE) if index != hit]


def test_lengths_beyond_the_file_are_damage() -> None:
    for offset, form in ((4, "<I"), (8, "<I"), (32, "<H")):
        damaged = bytearray(FILE)
        struct.pack_into(form, damaged, offset, 256 ** struct.calcsize(form) - 1)
        assert whole(bytes(damaged)) == THREE[1:]


def test_garbage_between_frames_is_skipped() -> None:
    garbage = b"HIF1 \x00 HIF1"
    data = garbage.join([b"", *ENCODED, b""])
    assert whole(data) == THREE
    assert [item for item in decode_all(data) if isinstance(item, DamagedBytes)][-1].at_end


@given(st.binary(max_size=200), st.integers(0, len(FILE)))
def test_no_bytes_raise(inserted: bytes, position: int) -> None:
    found = whole(FILE[:position] + inserted + FILE[position:])
    assert len(found) >= 2


def stored(path: Path) -> list[StoredFrame]:
    """The frames of a log file, to be read when they are asked for."""
    return [
        StoredFrame.of(item, path, offset, size_bytes)
        for offset, size_bytes, item in locate_all(path.read_bytes())
        if isinstance(item, Frame)
    ]


def test_stored_frames_are_what_was_stored(tmp_path: Path) -> None:
    path = tmp_path / "file.log"
    path.write_bytes(b"garbage".join([b"", *ENCODED, b""]))
    found = stored(path)
    assert len(found) == len(THREE)
    for frame, whole_frame in zip(found, THREE, strict=True):
        assert frame.lines == whole_frame.lines
        for name in ("first_seq", "last_seq", "rows", "observed_ns", "source", "raw_bytes"):
            assert getattr(frame, name) == getattr(whole_frame, name)
        assert path.read_bytes()[frame.offset :][: frame.size_bytes] == encode(whole_frame)


def test_a_stored_frame_that_changed_or_went_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file.log"
    path.write_bytes(FILE)
    first, second, third = stored(path)
    damaged = bytearray(FILE)
    damaged[second.offset + 40] ^= 1
    path.write_bytes(damaged)
    assert first.lines == THREE[0].lines
    with pytest.raises(OSError, match="damaged"):
        second.lines  # noqa: B018 # reading is what fails
    assert third.lines == THREE[2].lines
    path.write_bytes(FILE[: third.offset + 5])
    with pytest.raises(OSError, match="damaged"):
        third.lines  # noqa: B018
    path.unlink()
    with pytest.raises(FileNotFoundError):
        first.lines  # noqa: B018
