"""Snapshots: consistent copies of a running store, which cost the room of its log and little more."""

import re
import shutil
import threading
import time
from pathlib import Path
from typing import Final

import msgspec
import structlog

from aggregator import limits
from aggregator.errors import ConflictError, InvalidFieldError, NotFoundError
from aggregator.store.files import (
    SETTINGS_FILE,
    SNAPSHOT_FILE,
    Layout,
    copy_file,
    link_segment,
    sync_file,
    sync_folder,
    write_atomically,
    write_version,
)
from aggregator.store.log.frame import DamagedBytes, locate_all
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_UNFINISHED: Final = ".tmp"


class Snapshot(msgspec.Struct, frozen=True):
    """What a snapshot holds.

    Args:
        name: its name.
        time_ns: when it was taken, ns since the epoch.
        last_seq: number of the last line in it.
        segments: how many segments.
        size_bytes: of segments and log, whether or not the store still shares them.
    """

    name: str
    time_ns: int
    last_seq: int
    segments: int
    size_bytes: int


class Snapshots:
    """The snapshots of a store, each a folder that is a store itself.

    Args:
        workspace: of the store.
        folder: where the snapshots are; made with the first one.
    """

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace = workspace
        self._folder = folder
        self._lock = threading.Lock()
        for unfinished in folder.glob(f"*{_UNFINISHED}"):
            shutil.rmtree(unfinished)

    def take(self, name: str | None) -> Snapshot:
        """Take a snapshot.

        Args:
            name: its name; None names it after the time.

        Raises:
            InvalidFieldError: it can't be named so.
            ConflictError: there is one of that name, or there are as many as may be.
            OSError: the disk refuses it.
        """
        now_ns = time.time_ns()
        name = _checked(name or time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(now_ns // 10**9)))
        with self._lock:
            if len(self.taken()) >= limits.SNAPSHOTS:
                raise ConflictError(f"there are {limits.SNAPSHOTS} snapshots, as many as may be: delete one")
            if (self._folder / name).exists():
                raise ConflictError(f"there is a snapshot {name}")
            self._folder.mkdir(mode=0o700, exist_ok=True)
            unfinished = self._folder / (name + _UNFINISHED)
            try:
                snapshot = self._write(unfinished, name, now_ns)
                unfinished.rename(self._folder / name)
                sync_folder(self._folder)
            except OSError:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
        _log.info("snapshot taken", name=name, segments=snapshot.segments, size_bytes=snapshot.size_bytes)
        return snapshot

    def taken(self) -> list[Snapshot]:
        """The snapshots, oldest first."""
        found = []
        for path in self._folder.glob(f"*/{SNAPSHOT_FILE}"):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Snapshot))
            except (OSError, msgspec.MsgspecError) as error:
                _log.warning("snapshot can't be read", path=str(path.parent), error=str(error))
        return sorted(found, key=lambda snapshot: snapshot.time_ns)

    def delete(self, name: str) -> None:
        """Delete a snapshot; what the store shares with it stays there.

        Raises:
            InvalidFieldError: no snapshot can be named so.
            NotFoundError: there is no such snapshot.
            OSError: the disk refuses it.
        """
        with self._lock:
            path = self._folder / _checked(name)
            if not path.is_dir():
                raise NotFoundError(f"there is no snapshot {name}")
            # Renamed first: one that is half deleted is no snapshot.
            unfinished = path.rename(path.with_name(name + _UNFINISHED))
            shutil.rmtree(unfinished)

    def delete_oldest(self) -> bool:
        """Delete the oldest snapshot to make room; tell whether there was one.

        Raises:
            OSError: the disk refuses it.
        """
        for snapshot in self.taken():
            self.delete(snapshot.name)
            _log.warning("the disk is nearly full: a snapshot was deleted", name=snapshot.name)
            return True
        return False

    def _write(self, folder: Path, name: str, now_ns: int) -> Snapshot:
        copy = Layout(folder)
        for made in (folder, copy.log_folder, copy.segment_folder):
            made.mkdir(mode=0o700)
        # While it is held, no segment is taken away, and none is made into another one.
        with self._workspace.changing:
            last_seq = max((part.last_seq for part in self._segments()), default=0)
            # The log comes first: what leaves it meanwhile is in a segment then.
            log_bytes, last_log_seq = self._copy_log(copy)
            last_seq = max(last_seq, last_log_seq)
            with self._workspace.catalogue.lease() as parts:
                # One beyond the last line may follow lines that are in neither.
                linked = [part for part in parts if isinstance(part, Segment) and part.first_seq <= last_seq]
                for segment in linked:
                    link_segment(segment.path, copy.segment_folder)
        sync_folder(copy.log_folder)
        sync_folder(copy.segment_folder)
        snapshot = Snapshot(
            name,
            now_ns,
            max([last_seq, *(part.last_seq for part in linked)]),
            len(linked),
            sum(part.size_bytes for part in linked) + log_bytes,
        )
        settings = self._folder.parent / SETTINGS_FILE
        if settings.exists():
            copy_file(settings, folder / SETTINGS_FILE)
        write_version(folder)
        write_atomically(folder / SNAPSHOT_FILE, msgspec.json.encode(snapshot))
        return snapshot

    def _segments(self) -> list[Segment]:
        with self._workspace.catalogue.lease() as parts:
            return [part for part in parts if isinstance(part, Segment)]

    def _copy_log(self, copy: Layout) -> tuple[int, int]:
        """Copy the whole frames of the log; return their size in bytes and the number of the last line."""
        size_bytes = last_seq = 0
        for path in self._workspace.layout.log_files():
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            end = 0
            for offset, length, item in locate_all(data):
                if isinstance(item, DamagedBytes):
                    continue
                end = offset + length
                last_seq = item.last_seq
            target = copy.log_folder / path.name
            target.write_bytes(memoryview(data)[:end])
            sync_file(target)
            size_bytes += end
        return size_bytes, last_seq


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name.endswith(_UNFINISHED):
        raise InvalidFieldError(
            "name: 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit",
            field="name",
        )
    return name
