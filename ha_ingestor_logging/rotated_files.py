"""What becomes of a log file that is full: its name, its compression and its end."""

import gzip
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ha_ingestor_logging.file_lock import FileLock
from ha_ingestor_logging.folder_sync import sync_folder

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_SUFFIX_BY_COMPRESSION: Final = {"zstd": ".zst", "gzip": ".gz", "none": ""}

_NS_PER_S: Final = 1_000_000_000
_PART_SUFFIX: Final = ".part"
_COPY_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of the old is kept; 0 stands for no bound.

    Args:
        count_max: files.
        age_max_s: since the last line of a file.
        total_size_bytes: of all files together.
    """

    count_max: int
    age_max_s: float
    total_size_bytes: int


class RotatedFiles:
    """The old files of one log file, ``app.log.20261125T103000.123456789Z.zst`` and so on.

    Args:
        path: the log file.
        compression: ``zstd``, ``gzip`` or ``none``.
        retention: how much is kept.
    """

    def __init__(self, path: Path, compression: str, retention: Retention) -> None:
        self._path = path
        self._compression = compression
        self._retention = retention
        self._name = re.compile(
            re.escape(path.name) + r"\.(\d{8}T\d{6}\.\d{9}Z)(\.zst|\.gz|)(\.part|)", re.ASCII
        )
        self._lock = FileLock(path.with_name(f".{path.name}.rotated.lock"))

    def take(self) -> None:
        """Rename the log file to the name of an old one; for whoever holds the lock of the log file.

        Raises:
            OSError: it can't be renamed.
        """
        now_ns = time.time_ns()
        while any(_rotated_path(self._path, now_ns, suffix).exists() for suffix in ("", ".zst", ".gz")):
            now_ns += 1
        self._path.rename(_rotated_path(self._path, now_ns, ""))

    def tidy(self) -> bool:
        """Compress what is not compressed yet and delete what is not kept.

        Returns:
            False if another process does so at the moment, perhaps without the newest files.

        Raises:
            OSError: a file can't be read, written or deleted.
        """
        if not self._lock.acquire():
            return False
        try:
            try:
                self._compress_all()
            finally:
                # A full disk is no reason to delete nothing.
                self._delete_old()
        finally:
            self._lock.release()
        return True

    def after_fork(self) -> None:
        """Leave the lock to the parent."""
        self._lock.close()

    close = after_fork

    def _compress_all(self) -> None:
        found = list(self._found())
        for path, _ in found:
            if path.suffix == _PART_SUFFIX:
                path.unlink(missing_ok=True)  # its process died; the original is still there
        suffix = _SUFFIX_BY_COMPRESSION[self._compression]
        for path, found_suffix in found:
            if suffix and found_suffix == "":
                self._compress(path, path.with_name(path.name + suffix))

    def _compress(self, source: Path, target: Path) -> None:
        part = target.with_name(target.name + _PART_SUFFIX)
        # A target that exists is whole: only the deletion of its original is missing.
        if not target.exists():
            try:
                self._write_compressed(source, part)
            except OSError:
                part.unlink(missing_ok=True)
                raise
            part.rename(target)
            sync_folder(target.parent)
        source.unlink()

    def _write_compressed(self, source: Path, target: Path) -> None:
        before = source.stat()
        with source.open("rb") as original, target.open("xb") as raw:
            os.fchmod(raw.fileno(), before.st_mode & 0o777)
            with self._writer(raw) as compressed:
                shutil.copyfileobj(original, compressed, _COPY_BYTES)
            raw.flush()
            os.fsync(raw.fileno())
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))

    def _writer(self, raw: IO[bytes]) -> zstd.ZstdFile | gzip.GzipFile:
        return zstd.open(raw, "wb") if self._compression == "zstd" else gzip.open(raw, "wb")

    def _delete_old(self) -> None:
        retention = self._retention
        now_s = time.time()
        kept_bytes = 0
        for kept, (path, _) in enumerate(sorted(self._found(), reverse=True), start=1):
            status = path.stat()
            kept_bytes += status.st_size
            if (
                0 < retention.count_max < kept
                or 0 < retention.total_size_bytes < kept_bytes
                or 0 < retention.age_max_s < now_s - status.st_mtime
            ):
                path.unlink()

    def _found(self) -> Iterator[tuple[Path, str]]:
        for path in self._path.parent.iterdir():
            if match := self._name.fullmatch(path.name):
                yield path, match[2]


def _rotated_path(path: Path, time_ns: int, suffix: str) -> Path:
    second, nanosecond = divmod(time_ns, _NS_PER_S)
    text = time.strftime("%Y%m%dT%H%M%S", time.gmtime(second))
    return path.with_name(f"{path.name}.{text}.{nanosecond:09d}Z{suffix}")
