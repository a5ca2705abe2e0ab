"""Frames: batches of lines as the write-ahead log holds them.

A frame is a header, the name of the source and the zstd-compressed lines; a checksum covers all of it,
so that a torn or damaged frame is seen and the frames behind it are found again by their magic bytes.
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MAGIC = b"HIF1"
_HEADER = struct.Struct("<4sIIIQQH")
_CHECKSUM = struct.Struct("<I")
_COMPRESSION_LEVEL = 1


class Batch(Protocol):
    """Lines that were taken together, in memory or in a log file."""

    @property
    def first_seq(self) -> int:
        """Number of the first line in the store; the others follow it."""

    @property
    def last_seq(self) -> int:
        """Number of the last line in the store."""

    @property
    def rows(self) -> int:
        """How many lines."""

    @property
    def observed_ns(self) -> int:
        """When they were taken, ns since the epoch in UTC."""

    @property
    def source(self) -> str:
        """How they came, such as `library`."""

    @property
    def raw_bytes(self) -> int:
        """Length of the lines."""

    @property
    def lines(self) -> bytes:
        """NDJSON, each line a JSON object and ended by a newline."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Lines that were taken together.

    Args:
        first_seq: number of the first line in the store; the others follow it.
        rows: how many lines.
        observed_ns: when they were taken, ns since the epoch in UTC.
        source: how they came, such as `library`.
        lines: NDJSON, each line a JSON object and ended by a newline.
    """

    first_seq: int
    rows: int
    observed_ns: int
    source: str
    lines: bytes

    @property
    def last_seq(self) -> int:
        """Number of the last line in the store."""
        return self.first_seq + self.rows - 1

    @property
    def raw_bytes(self) -> int:
        """Length of the lines."""
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame in a log file, whose lines are read when they are asked for.

    Args:
        path: the log file.
        offset: where the frame begins in it.
        size_bytes: how long the frame is there.
        first_seq: number of the first line in the store.
        rows: how many lines.
        observed_ns: when they were taken, ns since the epoch in UTC.
        source: how they came.
        raw_bytes: length of the lines.
    """

    path: Path
    offset: int
    size_bytes: int
    first_seq: int
    rows: int
    observed_ns: int
    source: str
    raw_bytes: int

    @classmethod
    def of(cls, frame: Frame, path: Path, offset: int, size_bytes: int) -> "StoredFrame":
        """Say where a frame is stored."""
        return cls(
            path,
            offset,
            size_bytes,
            frame.first_seq,
            frame.rows,
            frame.observed_ns,
            frame.source,
            frame.raw_bytes,
        )

    @property
    def last_seq(self) -> int:
        """Number of the last line in the store."""
        return self.first_seq + self.rows - 1

    @property
    def lines(self) -> bytes:
        """The lines, read from the log file.

        Raises:
            OSError: the file can't be read, or no longer has the frame.
        """
        with self.path.open("rb") as file:
            file.seek(self.offset)
            found = _decode_at(file.read(self.size_bytes), 0)
        if found is None:
            raise OSError(f"{self.path.name}: the frame at {self.offset} is damaged")
        return found[0].lines


@dataclass(frozen=True, slots=True)
class DamagedBytes:
    """A stretch of a log file that is no whole frame.

    Args:
        offset: where it begins in the file.
        size_bytes: how long it is.
        at_end: whether nothing readable follows: a write that was cut off.
    """

    offset: int
    size_bytes: int
    at_end: bool


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame, lines compressed."""
    source = frame.source.encode()
    payload = zstd.compress(frame.lines, level=_COMPRESSION_LEVEL)
    header = _HEADER.pack(
        _MAGIC, len(payload), len(frame.lines), frame.rows, frame.first_seq, frame.observed_ns, len(source)
    )
    body = header + source + payload
    return body + _CHECKSUM.pack(zlib.crc32(body))


def decode_all(data: bytes) -> Iterator[Frame | DamagedBytes]:
    """Yield the frames of a log file in order, and the stretches between them that are damaged."""
    for _, _, item in locate_all(data):
        yield item


def locate_all(data: bytes) -> Iterator[tuple[int, int, Frame | DamagedBytes]]:
    """Yield like `decode_all`, each with its offset and size in bytes before it."""
    offset = 0
    while offset < len(data):
        found = _decode_at(data, offset)
        if found is not None:
            frame, end = found
            yield offset, end - offset, frame
        else:
            following = _next_frame(data, offset + 1)
            end = len(data) if following is None else following
            yield offset, end - offset, DamagedBytes(offset, end - offset, at_end=following is None)
        offset = end


def _next_frame(data: bytes, offset: int) -> int | None:
    while (offset := data.find(_MAGIC, offset)) >= 0:
        if _decode_at(data, offset) is not None:
            return offset
        offset += 1
    return None


def _decode_at(data: bytes, offset: int) -> tuple[Frame, int] | None:
    if len(data) - offset < _HEADER.size + _CHECKSUM.size:
        return None
    magic, payload_bytes, raw_bytes, rows, first_seq, observed_ns, source_bytes = _HEADER.unpack_from(
        data, offset
    )
    payload_start = offset + _HEADER.size + source_bytes
    payload_end = payload_start + payload_bytes
    end = payload_end + _CHECKSUM.size
    if magic != _MAGIC or end > len(data):
        return None
    (checksum,) = _CHECKSUM.unpack_from(data, payload_end)
    if zlib.crc32(memoryview(data)[offset:payload_end]) != checksum:
        return None
    lines = zstd.decompress(memoryview(data)[payload_start:payload_end])
    if len(lines) != raw_bytes:
        return None
    source = data[offset + _HEADER.size : payload_start].decode()
    return Frame(first_seq, rows, observed_ns, source, lines), end
