"""Snapshots: consistent copies of a running store, which cost the room of its log and little more."""

import errno
import os
import re
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from aggregator import limits
from aggregator.errors import ConflictError, InvalidFieldError, NotFoundError
from aggregator.store.files import (
    FORMAT_FILE,
    INDEX_SUFFIX,
    SNAPSHOT_FILE,
    Layout,
    sync_file,
    sync_folder,
    write_atomically,
    write_version,
)
from aggregator.store.frame import DamagedBytes, locate_all
from aggregator.store.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_UNFINISHED: Final = ".tmp"
_NO_LINKS: Final = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}
"""What file systems answer that have no hard links, or not there."""


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
                    _link_segment(segment.path, copy.segment_folder)
        sync_folder(copy.log_folder)
        sync_folder(copy.segment_folder)
        snapshot = Snapshot(
            name,
            now_ns,
            max([last_seq, *(part.last_seq for part in linked)]),
            len(linked),
            sum(part.size_bytes for part in linked) + log_bytes,
        )
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


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Args:
        folder: the store that is there now.
        aside: where the store is that was there before; None if there was none.
    """

    folder: Path
    aside: Path | None


def restore(snapshot: Path, data: Path, *, replace: bool) -> Restored:
    """Make a store of a snapshot, for an aggregator that does not run.

    Args:
        snapshot: the snapshot's folder, which stays as it is.
        data: the data folder.
        replace: whether a store with lines may be put aside.

    Raises:
        NotFoundError: there is no such snapshot.
        ConflictError: there is a store with lines.
        OSError: the disk refuses it.
    """
    source = Layout(snapshot)
    if not (snapshot / SNAPSHOT_FILE).is_file():
        raise NotFoundError(f"{snapshot} is no snapshot: it has no {SNAPSHOT_FILE}")
    present = Layout(data / "store")
    has_lines = bool(present.segment_files()) or any(path.stat().st_size for path in present.log_files())
    if has_lines and not replace:
        raise ConflictError(f"{present.folder} is a store with lines; --replace puts it aside")
    unfinished = data / "store.restoring"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    made = Layout(unfinished)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (unfinished, made.log_folder, made.segment_folder):
        folder.mkdir(mode=0o700)
    for path in source.log_files():
        _copy(path, made.log_folder / path.name)
    owner_id = data.stat().st_uid
    for path in source.segment_files():
        # A file that is shared has one owner.
        _link_segment(path, made.segment_folder, share=path.stat().st_uid == owner_id)
    _copy(snapshot / FORMAT_FILE, unfinished / FORMAT_FILE)
    sync_folder(made.log_folder)
    sync_folder(made.segment_folder)
    _give_to_owner(unfinished, data)
    aside = None
    if present.folder.exists():
        aside = data / time.strftime("store.before-%Y-%m-%dT%H-%M-%SZ", time.gmtime())
        present.folder.rename(aside)
    unfinished.rename(present.folder)
    sync_folder(data)
    return Restored(present.folder, aside)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name.endswith(_UNFINISHED):
        raise InvalidFieldError(
            "name: 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit",
            field="name",
        )
    return name


def _link_segment(path: Path, folder: Path, *, share: bool = True) -> None:
    put = _link if share else _copy
    put(path, folder / path.name)
    index_path = path.with_suffix(INDEX_SUFFIX)
    if index_path.exists():
        put(index_path, folder / index_path.name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    sync_file(target)


def _give_to_owner(folder: Path, data: Path) -> None:
    """Let the owner of the data folder own what root made in it; files that others share have theirs."""
    owner = data.stat()
    if os.getuid() != 0 or owner.st_uid == 0:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
