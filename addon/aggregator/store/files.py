"""Names and durable steps of the store's files."""

import errno
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from aggregator.errors import StoreFailedError

FORMAT_VERSION: Final = 2
"""Version of the store's layout; a newer one on the disk is refused untouched."""

OLDER_VERSIONS: Final = frozenset({1})
"""Versions that a start brings to the present one."""

SETTINGS_FILE: Final = "settings.json"
"""Beside the store: what says how long its lines are kept."""

FORMAT_FILE: Final = "format.json"
SNAPSHOT_FILE: Final = "snapshot.json"
"""What a snapshot has besides the files of a store."""

SEGMENT_SUFFIX: Final = ".parquet"
INDEX_SUFFIX: Final = ".index"
DAMAGED_SUFFIX: Final = ".damaged"

_NO_LINKS: Final = {errno.EXDEV, errno.EACCES, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}
"""What file systems answer that have no hard links, or not between these places."""

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


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, durably but for its name."""
    shutil.copyfile(source, target)
    sync_file(target)


def link_or_copy(source: Path, target: Path) -> None:
    """Give an immutable file a second name, or copy it where that can't be done."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        copy_file(source, target)


def link_segment(path: Path, folder: Path, *, share: bool = True) -> None:
    """Give a segment and its index a second name in another folder, or copy them if they can't be shared."""
    put = link_or_copy if share else copy_file
    put(path, folder / path.name)
    index_path = path.with_suffix(INDEX_SUFFIX)
    if index_path.exists():
        put(index_path, folder / index_path.name)


def read_version(folder: Path) -> int | None:
    """Return the format version of the store in a folder; None if there is no store yet.

    Raises:
        StoreFailedError: the file that has it is damaged.
    """
    path = folder / FORMAT_FILE
    try:
        version = json.loads(path.read_bytes())["version"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StoreFailedError(f"{path} can't be read: {error}. Nothing was changed.") from None
    if type(version) is not int:
        raise StoreFailedError(f"{path} has no whole number as its version. Nothing was changed.")
    return version


def refuse_unknown_version(folder: Path, version: int) -> None:
    """Make sure that the store in a folder has a format that this version reads.

    Raises:
        StoreFailedError: it has another one.
    """
    if version not in {FORMAT_VERSION, *OLDER_VERSIONS}:
        raise StoreFailedError(
            f"the store in {folder} has format {version}; this version reads {FORMAT_VERSION}. "
            "Nothing was changed: start the newer aggregator again, or name another data folder."
        )


def write_version(folder: Path) -> None:
    """Mark the store in a folder as one of the present format."""
    write_atomically(folder / FORMAT_FILE, json.dumps({"version": FORMAT_VERSION}).encode())


class Layout:
    """Where the store's files are.

    Args:
        folder: the store's own folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_folder = folder / "log"
        self.segment_folder = folder / "segments"

    @classmethod
    def prepare(cls, folder: Path) -> Self:
        """Make what is missing of a store's folders, and remove what a crash left half-written.

        Raises:
            StoreFailedError: the folder holds a store of another version.
        """
        layout = cls(folder)
        # Logs may be private: nobody but the aggregator's own user looks into its folder.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        version = read_version(folder)
        if version is None:
            write_version(folder)
        else:
            refuse_unknown_version(folder, version)
        layout.log_folder.mkdir(exist_ok=True)
        layout.segment_folder.mkdir(exist_ok=True)
        for leftover in layout.segment_folder.glob("*.tmp"):
            leftover.unlink()
        return layout

    def log_file(self, first_seq: int) -> Path:
        """Path of the log file that begins with a line number."""
        return self.log_folder / f"{first_seq:020d}.log"

    def segment_file(self, span: Span) -> Path:
        """Path of a segment."""
        return self.segment_folder / (span.name + SEGMENT_SUFFIX)

    def log_files(self) -> list[Path]:
        """The log files, oldest first."""
        return sorted(self.log_folder.glob("*.log"))

    def damaged_segments(self) -> list[Path]:
        """The segments that were set aside."""
        return sorted(self.segment_folder.glob(f"*{DAMAGED_SUFFIX}"))

    def damaged_logs(self) -> list[Path]:
        """The pieces of log files that were set aside."""
        return sorted(self.log_folder.glob(f"*{DAMAGED_SUFFIX}"))

    def segment_files(self) -> list[Path]:
        """The segments, oldest first."""
        return sorted(self.segment_folder.glob(f"*{SEGMENT_SUFFIX}"))
