"""Names and durable steps of the store's files."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from aggregator.errors import StoreFailedError

FORMAT_VERSION: Final = 2
"""Version of the store's layout; a newer one on the disk is refused untouched."""

SEGMENT_SUFFIX: Final = ".parquet"
INDEX_SUFFIX: Final = ".index"
DAMAGED_SUFFIX: Final = ".damaged"

_SEGMENT_NAME: Final = re.compile(r"(\d{20})-(\d{20})-(\d{4})")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """What a segment was made of, which its file is named after.

    Args:
        first_seq: number of the first line.
        last_seq: number of the last line.
        generation: 0 for a segment made of the log, and one more than theirs for one made of segments.
    """

    first_seq: int
    last_seq: int
    generation: int = 0

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Read the name of a file; None if it is no segment's."""
        found = _SEGMENT_NAME.fullmatch(path.stem)
        return None if found is None else cls(*map(int, found.groups()))

    @property
    def name(self) -> str:
        """The name of the segment's file, without its suffix."""
        return f"{self.first_seq:020d}-{self.last_seq:020d}-{self.generation:04d}"

    def replaces(self, other: Self) -> bool:
        """Tell whether another segment was made into this one."""
        return (
            self.generation > other.generation
            and self.first_seq <= other.first_seq
            and other.last_seq <= self.last_seq
        )


def size_bytes(path: Path) -> int:
    """Return a file's size; 0 when there is no such file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def sync_folder(folder: Path) -> None:
    """Make created, renamed and deleted names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's contents durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a small file so that a crash leaves either the old contents or the new."""
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    sync_folder(path.parent)


class Layout:
    """Where the store's files are.

    Args:
        folder: the store's own folder; it is made if it is missing.

    Raises:
        StoreFailedError: the folder holds a store of a newer version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_folder = folder / "log"
        self.segment_folder = folder / "segments"
        # Logs may be private: nobody but the aggregator's own user looks into its folder.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check_version(folder / "format.json")
        self.log_folder.mkdir(exist_ok=True)
        self.segment_folder.mkdir(exist_ok=True)
        for leftover in self.segment_folder.glob("*.tmp"):
            leftover.unlink()

    def log_file(self, first_seq: int) -> Path:
        """Path of the log file that begins with a line number."""
        return self.log_folder / f"{first_seq:020d}.log"

    def segment_file(self, span: Span) -> Path:
        """Path of a segment."""
        return self.segment_folder / (span.name + SEGMENT_SUFFIX)

    def log_files(self) -> list[Path]:
        """The log files, oldest first."""
        return sorted(self.log_folder.glob("*.log"))

    def segment_files(self) -> list[Path]:
        """The segments, oldest first."""
        return sorted(self.segment_folder.glob(f"*{SEGMENT_SUFFIX}"))

    @staticmethod
    def _check_version(path: Path) -> None:
        if not path.exists():
            write_atomically(path, json.dumps({"version": FORMAT_VERSION}).encode())
            return
        version = json.loads(path.read_text())["version"]
        if version != FORMAT_VERSION:
            raise StoreFailedError(
                f"the store in {path.parent} has format {version}; this version reads {FORMAT_VERSION}. "
                "Nothing was changed: start the newer aggregator again, or name another data folder."
            )
