"""One file that grows: its whole lines, each with the place where it ends."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from aggregator import limits

_FINGERPRINT_BYTES: Final = 1024
_GENERATION_BYTES: Final = 6
_CUT: Final = b"... (the rest of the line is left out)"


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a file.

    Args:
        texts: the lines, without their ends.
        starts: where each begins in the file.
        ends: where each ends, its newline included.
        cut: how many were cut since they are too long.
    """

    texts: list[bytes]
    starts: list[int]
    ends: list[int]
    cut: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Tells a file from others that had its name or its number, and how far it was read.

    Args:
        path: where it was.
        device: what it lies on; the number may be another after a start of the machine.
        inode: its number there; a new file may have that of one that was deleted.
        head: how it begins, as far as it was read.
        generation: tells its lines from those that it had before it was cut off.
        offset: up to where it was read.
    """

    path: Path
    device: int
    inode: int
    head: bytes
    generation: str
    offset: int

    def to_json(self) -> Mapping[str, Any]:
        """Return it as it is kept."""
        return {
            "path": os.fsencode(self.path).hex(),
            "device": self.device,
            "inode": self.inode,
            "head": self.head.hex(),
            "generation": self.generation,
            "offset": self.offset,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(
            Path(os.fsdecode(bytes.fromhex(kept["path"]))),
            int(kept["device"]),
            int(kept["inode"]),
            bytes.fromhex(kept["head"]),
            str(kept["generation"]),
            int(kept["offset"]),
        )


class TailedFile:
    """A file that is open to be read from where it was read before.

    Args:
        path: where it is.
        descriptor: it, open; closed by `close`.
        mark: how far it was read; None to begin.
    """

    def __init__(self, path: Path, descriptor: int, mark: Mark | None) -> None:
        status = os.fstat(descriptor)
        self.path = path
        self.identity = (status.st_dev, status.st_ino)
        self._descriptor = descriptor
        self._is_in_long_line = False
        self._seen: tuple[int, int] | None = None
        if mark is None:
            self._head, self.generation, self.offset = b"", _new_generation(), 0
        else:
            self._head, self.generation, self.offset = mark.head, mark.generation, mark.offset

    def mark(self, offset: int) -> Mark:
        """Return a mark.

        Args:
            offset: up to where the lines are done with.
        """
        device, inode = self.identity
        return Mark(self.path, device, inode, self._head, self.generation, offset)

    def has_changed(self) -> bool:
        """Tell whether the file was written to since this was asked, or may have lines that were not read."""
        status = os.fstat(self._descriptor)
        seen = (status.st_size, status.st_mtime_ns)
        if seen == self._seen:
            return False
        self._seen = seen
        return True

    def begin_again_if_cut_off(self) -> bool:
        """Look whether the file was cut off or written anew since it was read; tell whether it was."""
        if os.fstat(self._descriptor).st_size >= self.offset and begins_with(self._descriptor, self._head):
            return False
        self._head, self.generation, self.offset = b"", _new_generation(), 0
        self._is_in_long_line = False
        return True

    def read(self) -> Piece | None:
        """Read the lines that are complete by now, up to a batch; None without one."""
        data = os.pread(self._descriptor, limits.TAIL_READ_BYTES, self.offset)
        if not data:
            return None
        if len(data) == limits.TAIL_READ_BYTES:
            self._seen = None
        start = self.offset
        if len(self._head) < _FINGERPRINT_BYTES:
            self._head = os.pread(self._descriptor, min(_FINGERPRINT_BYTES, start + len(data)), 0)
        skipped = 0
        if self._is_in_long_line:
            skipped = data.find(b"\n") + 1
            if not skipped:
                self.offset += len(data)
                return None
            self._is_in_long_line = False
        end = data.rfind(b"\n") + 1
        if end == 0:
            return self._long_line(data)
        if end == skipped:
            self.offset += end
            return None
        texts = data[skipped : end - 1].split(b"\n")
        starts, ends = [], []
        at = start + skipped
        for text in texts:
            starts.append(at)
            at += len(text) + 1
            ends.append(at)
        cut = 0
        if len(max(texts, key=len)) > limits.LINE_BYTES // 2:
            cut = sum(len(text) > limits.LINE_BYTES // 2 for text in texts)
            texts = [_shortened(text) for text in texts]
        self.offset = start + end
        return Piece(texts, starts, ends, cut)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _long_line(self, data: bytes) -> Piece | None:
        """Take the beginning of a line that is longer than a batch; what is shorter is not complete yet."""
        if len(data) < limits.TAIL_READ_BYTES:
            return None
        self._is_in_long_line = True
        start = self.offset
        self.offset += len(data)
        return Piece([_shortened(data)], [start], [self.offset], 1)


def begins_with(descriptor: int, head: bytes) -> bool:
    """Tell whether a file begins with some bytes."""
    return os.pread(descriptor, len(head), 0) == head


def _shortened(text: bytes) -> bytes:
    kept = limits.LINE_BYTES // 2
    return text if len(text) <= kept else text[:kept] + _CUT


def _new_generation() -> str:
    return os.urandom(_GENERATION_BYTES).hex()
