"""The files that one process has written into a spool, in their order and under one lock."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.file_lock import FileLock
from ha_ingestor_logging.folder_sync import sync_folder
from ha_ingestor_logging.spool_file import SpoolFile

FILE_SUFFIX: Final = ".spool"
_LOCK_SUFFIX: Final = ".lock"

# When the series began, its process and a random number; then the file's number in it.
_FILE_NAME: Final = re.compile(r"(\d{20}-\d+-[0-9a-f]{8})(?:\.\d{8}\.spool|\.lock)")

# A file is deleted when all of it is delivered, so its size is what the disk gives back at once.
_FILE_BYTES: Final = 4 * 2**20


class SpoolSeries:
    """Batches of one process. Whoever holds the lock may read and append; it ends with its holder.

    Args:
        folder: the spool's folder.
        name: what its files' names begin with.
        lock: held.
    """

    def __init__(self, folder: Path, name: str, lock: FileLock) -> None:
        self._folder = folder
        self._name = name
        self._lock = lock
        self._paths = sorted(
            path for owner, path in series_files(folder) if owner == name and path.suffix == FILE_SUFFIX
        )
        self._files_begun = int(self._paths[-1].suffixes[-2][1:]) if self._paths else 0
        self._first: SpoolFile | None = None
        self._last: SpoolFile | None = None
        self.damaged_by_level: Counter[int] = Counter()

    @classmethod
    def begin(cls, folder: Path) -> "SpoolSeries":
        """Start a series for this process.

        Raises:
            OSError: the folder can't be written.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            name = f"{time.time_ns():020d}-{os.getpid()}-{os.urandom(4).hex()}"
            lock = FileLock(folder / f"{name}{_LOCK_SUFFIX}")
            if lock.acquire():
                return cls(folder, name, lock)
            lock.close()

    @classmethod
    def abandoned(cls, folder: Path) -> "SpoolSeries | None":
        """Take over the oldest series whose process is gone, if there is one.

        Raises:
            OSError: the folder can't be read or written.
        """
        for name in sorted({name for name, _ in series_files(folder)}):
            lock = FileLock(folder / f"{name}{_LOCK_SUFFIX}")
            if not lock.acquire():
                lock.close()
                continue
            series = cls(folder, name, lock)
            if series.oldest() is not None or series.damaged_by_level:
                return series
            series.close()
        return None

    def append(self, *batches: Batch) -> None:
        """Keep batches behind the others, in one file.

        Raises:
            OSError: it can't be written.
        """
        if self._last is None or self._last.size_bytes >= _FILE_BYTES:
            self._files_begun += 1
            last = SpoolFile(self._folder / f"{self._name}.{self._files_begun:08d}{FILE_SUFFIX}")
            sync_folder(self._folder)
            if self._last is not None and self._last is not self._first:
                self._last.close()
            self._last = last
            self._paths.append(last.path)
        self._last.append(*batches)

    def oldest(self) -> Batch | None:
        """The first batch that is not delivered; the same one until ``delivered`` is called.

        Raises:
            OSError: it can't be read.
        """
        while self._paths:
            first = self._first = self._first or self._open_first()
            batch = first.oldest()
            self.damaged_by_level.update(first.damaged_by_level)
            first.damaged_by_level = {}
            if batch is not None:
                return batch
            first.remove()
            if first is self._last:
                self._last = None
            self._first = None
            del self._paths[0]
        return None

    def delivered(self) -> None:
        """Never return again the batch that ``oldest`` returned."""
        if self._first is not None:
            self._first.delivered()

    def close(self) -> None:
        """Close the files and give the lock back; what waits is for the next process."""
        try:
            if self.oldest() is None:
                self._lock.remove()
        finally:
            self.forget()

    def forget(self) -> None:
        """Close the files and touch nothing, as a forked child must: its parent still uses them."""
        for file in {self._first, self._last}:
            if file is not None:
                file.close()
        self._first = self._last = None
        self._paths = []
        self._lock.close()

    def _open_first(self) -> SpoolFile:
        path = self._paths[0]
        return self._last if self._last is not None and self._last.path == path else SpoolFile(path)


def series_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a spool, each with the name of its series; other files in the folder are left alone."""
    for path in folder.iterdir():
        if match := _FILE_NAME.fullmatch(path.name):
            yield match[1], path
