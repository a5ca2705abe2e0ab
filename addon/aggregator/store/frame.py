"""Frames: batches of lines as the write-ahead log holds them.

A frame is a header, the name of the source and the zstd-compressed lines; a checksum covers all of it,
so that a torn or damaged frame is seen and the frames behind it are found again by their magic bytes.
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MAGIC = b"HIF1"
_HEADER = struct.Struct("<4sIIIQQH")
_CHECKSUM = struct.Struct("<I")
_COMPRESSION_LEVEL = 1


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
    offset = 0
    while offset < len(data):
        found = _decode_at(data, offset)
        if found is not None:
            frame, offset = found
            yield frame
            continue
        following = _next_frame(data, offset + 1)
        end = len(data) if following is None else following
        yield DamagedBytes(offset, end - offset, at_end=following is None)
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
