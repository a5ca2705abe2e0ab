"""Names and durable steps of the store's files."""

import json
import os
from pathlib import Path

from aggregator.errors import StoreFailedError

FORMAT_VERSION = 1
"""Version of the store's layout; a newer one on the disk is refused untouched."""


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

    def segment_file(self, first_seq: int) -> Path:
        """Path of the segment that was made of the log file with the same first line number."""
        return self.segment_folder / f"{first_seq:020d}.parquet"

    def log_files(self) -> list[Path]:
        """The log files, oldest first."""
        return sorted(self.log_folder.glob("*.log"))

    def segment_files(self) -> list[Path]:
        """The segments, oldest first."""
        return sorted(self.segment_folder.glob("*.parquet"))

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
