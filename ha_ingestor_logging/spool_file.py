"""A file of batches: appended at its end, read from its beginning, marked as they are delivered.

Each batch stands behind a header of 40 bytes, little-endian: four bytes that say whether it waits
(``HIw1``) or is delivered (``HId1``); the body's length; the number of lines of each of the six levels;
the body's CRC-32; the CRC-32 of the header from the length on.
"""

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.levels import LEVEL_NAMES

_WAITING: Final = b"HIw1"
_DELIVERED: Final = b"HId1"
_FIELDS: Final = struct.Struct(f"<I{len(LEVEL_NAMES)}II")
_CHECKSUM: Final = struct.Struct("<I")
_HEADER_BYTES: Final = len(_WAITING) + _FIELDS.size + _CHECKSUM.size


class SpoolFile:
    """One file of a spool, for one process at a time.

    What can't be read, a batch that its process died over or that the disk has damaged, is skipped.

    Args:
        path: the file; made if there is none.

    Raises:
        OSError: it can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._read_at = 0
        self._read_bytes = 0
        self.size_bytes = os.fstat(self._descriptor).st_size
        self.damaged_by_level: dict[int, int] = {}

    def append(self, *batches: Batch) -> None:
        """Write batches behind the others; they are on the disk when this returns.

        Args:
            batches: what to keep.

        Raises:
            OSError: there is no room, or the disk failed; the file is as before.
        """
        remaining = memoryview(b"".join(map(encode, batches)))
        written = self.size_bytes
        try:
            while remaining:
                count = os.pwrite(self._descriptor, remaining, written)
                written += count
                remaining = remaining[count:]
            os.fsync(self._descriptor)
        except OSError:
            # What stays if this fails too is skipped as damaged by whoever reads.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size_bytes)
            raise
        self.size_bytes = written

    def oldest(self) -> Batch | None:
        """The first batch that is not delivered; the same one until ``delivered`` is called."""
        while self._read_at < self.size_bytes:
            header = os.pread(self._descriptor, _HEADER_BYTES, self._read_at)
            fields = _parse_header(header)
            if fields is None:
                self._read_at = self._next_header(self._read_at + 1)
                continue
            length, records_by_level, checksum = fields
            body = os.pread(self._descriptor, length, self._read_at + _HEADER_BYTES)
            whole = len(body) == length and zlib.crc32(body) == checksum
            if whole and header.startswith(_WAITING):
                self._read_bytes = _HEADER_BYTES + length
                return Batch(body, records_by_level)
            if whole:
                self._read_at += _HEADER_BYTES + length
                continue
            if header.startswith(_WAITING):
                for level, count in records_by_level.items():
                    self.damaged_by_level[level] = self.damaged_by_level.get(level, 0) + count
            self._read_at = self._next_header(self._read_at + 1)
        return None

    def delivered(self) -> None:
        """Mark the batch that ``oldest`` returned, so that nobody sends it again."""
        # Not synced: after a power failure the aggregator knows the lines by their ``uid``.
        os.pwrite(self._descriptor, _DELIVERED, self._read_at)
        self._read_at += self._read_bytes

    def remove(self) -> None:
        """Close the file and delete it."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _next_header(self, start: int) -> int:
        rest = os.pread(self._descriptor, self.size_bytes - start, start)
        found = (rest.find(mark) for mark in (_WAITING, _DELIVERED))
        return min((start + position for position in found if position >= 0), default=self.size_bytes)


def encode(batch: Batch) -> bytes:
    """A batch as it stands in a file."""
    counts = (batch.records_by_level.get(level, 0) for level in LEVEL_NAMES)
    fields = _FIELDS.pack(len(batch.body), *counts, zlib.crc32(batch.body))
    return b"".join((_WAITING, fields, _CHECKSUM.pack(zlib.crc32(fields)), batch.body))


def _parse_header(header: bytes) -> tuple[int, dict[int, int], int] | None:
    """The body's length, the lines by level and the body's checksum, or ``None`` if it is no header."""
    if len(header) < _HEADER_BYTES or not header.startswith((_WAITING, _DELIVERED)):
        return None
    fields = header[len(_WAITING) : -_CHECKSUM.size]
    if _CHECKSUM.unpack_from(header, len(_WAITING) + len(fields)) != (zlib.crc32(fields),):
        return None
    length, *counts, checksum = _FIELDS.unpack(fields)
    records_by_level = {level: count for level, count in zip(LEVEL_NAMES, counts, strict=True) if count}
    return length, records_by_level, checksum
