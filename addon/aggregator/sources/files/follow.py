"""Follows files that are found by their names."""

import contextlib
import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import structlog

from aggregator import limits
from aggregator.intake.text.stream import Understood
from aggregator.sources.files.lines import FileLines
from aggregator.sources.files.tailed_file import Mark, TailedFile, begins_with
from aggregator.sources.source import Outlet, Position, StoppedError

_log = structlog.get_logger(__name__)
_FILES: Final = "files"

type Found = Iterable[tuple[Path, Callable[[], FileLines]]]
"""Paths of files, each with what makes records of its lines."""


class Follower:
    """Follows files: new ones, longer ones, those that are renamed, cut off or gone.

    Args:
        outlet: where their records go.
        find: finds the files that there are now.
        nothing: why nothing is read when there is no file.
    """

    def __init__(self, outlet: Outlet, find: Callable[[], Found], nothing: str) -> None:
        self._outlet = outlet
        self._find = find
        self._nothing = nothing
        self._followed: dict[tuple[int, int], _Followed] = {}
        self._marks = list(_marks(outlet.position))
        self._is_crowded = False
        self._unreadable: set[Path] = set()

    def run(self) -> None:
        """Follow them until the source is stopped.

        Raises:
            StoppedError: it is.
        """
        looked_s = float("-inf")
        try:
            while True:
                if self._outlet.stopping.is_set():
                    raise StoppedError
                now_s = time.monotonic()
                if now_s - looked_s >= limits.TAIL_LOOK_S:
                    self._look(now_s)
                    looked_s = now_s
                if not self._followed:
                    self._outlet.wait(self._nothing, limits.TAIL_LOOK_S)
                elif not self._read() and self._outlet.stopping.wait(limits.SOURCE_IDLE_S):
                    raise StoppedError
        finally:
            for followed in self._followed.values():
                followed.file.close()

    def _look(self, now_s: float) -> None:
        """Look for new files, and let go of those that are gone and read to their end."""
        before = len(self._followed)
        present = set()
        for path, lines in self._find():
            try:
                present.add(self._meet(path, lines))
            except FileNotFoundError:
                continue
            except OSError as error:
                self._tell(path, error)
        if len(self._followed) > before:
            # Before the first line, so that its ID is the same when it is read again.
            self._outlet.note(self._position())
        for identity, followed in list(self._followed.items()):
            if identity in present:
                followed.gone_s = None
            elif followed.gone_s is None:
                followed.gone_s = now_s
            elif now_s - followed.gone_s >= limits.TAIL_GONE_S and not followed.lines.held:
                followed.file.close()
                del self._followed[identity]

    def _meet(self, path: Path, lines: Callable[[], FileLines]) -> tuple[int, int]:
        """Follow a file that was found, if it is not followed yet; return what tells it from others."""
        status = path.stat()
        identity = (status.st_dev, status.st_ino)
        followed = self._followed.get(identity)
        if followed is not None:
            followed.file.path = path
        elif stat.S_ISREG(status.st_mode) and self._has_room(path):
            self._open(path, lines)
        return identity

    def _tell(self, path: Path, error: OSError) -> None:
        """Say that a file can't be read, once."""
        if path not in self._unreadable:
            self._unreadable.add(path)
            self._outlet.refused("unreadable_file", 1)
            _log.warning("a file can't be read", path=str(path), reason=str(error))

    def _has_room(self, path: Path) -> bool:
        has_room = len(self._followed) < limits.TAILED_FILES
        if not has_room and not self._is_crowded:
            _log.warning("too many files to follow", first=str(path), limit=limits.TAILED_FILES)
        self._is_crowded = not has_room
        return has_room

    def _open(self, path: Path, lines: Callable[[], FileLines]) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        mark = self._mark_of(path, descriptor)
        file = TailedFile(path, descriptor, mark)
        self._followed[file.identity] = _Followed(file, lines())
        if mark is not None:
            self._marks.remove(mark)
            return
        # What had this name before was rotated while nobody read it.
        for old in [mark for mark in self._marks if mark.path == path]:
            self._marks.remove(old)
            self._open_rotated(old, lines)

    def _mark_of(self, path: Path, descriptor: int) -> Mark | None:
        """Find how far a file was read that is open now."""
        status = os.fstat(descriptor)
        for mark in self._marks:
            is_same = mark.inode == status.st_ino and (mark.device == status.st_dev or mark.path == path)
            if is_same and status.st_size >= mark.offset and begins_with(descriptor, mark.head):
                return mark
        return None

    def _open_rotated(self, mark: Mark, lines: Callable[[], FileLines]) -> None:
        """Read the rest of a file that has another name in its folder now; report it if it isn't there."""
        for path in mark.path.parent.glob(f"{mark.path.stem}*"):
            with contextlib.suppress(OSError):
                if path.stat().st_ino != mark.inode:
                    continue
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                if begins_with(descriptor, mark.head) and os.fstat(descriptor).st_ino == mark.inode:
                    file = TailedFile(path, descriptor, mark)
                    self._followed.setdefault(file.identity, _Followed(file, lines()))
                    return
                os.close(descriptor)
        _log.warning("a file went before its end was read", path=str(mark.path), offset=mark.offset)

    def _read(self) -> bool:
        """Read what there is; tell whether there may be more at once."""
        changed = [followed for followed in self._followed.values() if followed.has_changed()]
        cut_off = [flushed for followed in changed if (flushed := followed.flushed_if_cut_off()) is not None]
        if cut_off:
            self._deliver(cut_off)
            self._outlet.note(self._position())
        made: list[Understood] = []
        size_bytes = 0
        for followed in changed:
            read = followed.read()
            made.append(read)
            size_bytes += len(read.lines)
            if size_bytes >= limits.TAIL_READ_BYTES:
                self._deliver(made)
                made, size_bytes = [], 0
        self._deliver(made)
        return bool(changed)

    def _deliver(self, made: list[Understood]) -> None:
        if not made:
            self._outlet.settle()
            return
        together = Understood(b"".join([one.lines for one in made]), sum(one.rows for one in made))
        for followed in self._followed.values():
            self._outlet.refused("invalid_entry", followed.newly_invalid())
        self._outlet.deliver(together, self._position(), time.time_ns())

    def _position(self) -> Position:
        marks = [followed.mark() for followed in self._followed.values()]
        return {_FILES: [mark.to_json() for mark in (*marks, *self._marks)]}


class _Followed:
    """A file that is followed.

    Args:
        file: the file.
        lines: makes records of its lines.
    """

    def __init__(self, file: TailedFile, lines: FileLines) -> None:
        self.file = file
        self.lines = lines
        self.gone_s: float | None = None
        self._starts: deque[int] = deque()
        self._invalid = 0

    def mark(self) -> Mark:
        """Return up to where its lines are given back."""
        return self.file.mark(self._starts[0] if self._starts else self.file.offset)

    def newly_invalid(self) -> int:
        """Return how many lines were not what they should be, since it was asked."""
        new = self.lines.invalid - self._invalid
        self._invalid += new
        return new

    def has_changed(self) -> bool:
        """Tell whether there may be something to read, or something is held for long enough."""
        due_s = self.lines.due_s
        return self.file.has_changed() or (due_s is not None and due_s <= time.monotonic())

    def flushed_if_cut_off(self) -> Understood | None:
        """Begin again if the file was cut off, and return what was held then."""
        return self._flushed() if self.file.begin_again_if_cut_off() else None

    def read(self) -> Understood:
        """Return the records of what came."""
        now_s = time.monotonic()
        piece = self.file.read()
        if piece is None:
            is_due = self.lines.due_s is not None and self.lines.due_s <= now_s
            return self._flushed() if is_due else Understood(b"", 0)
        generation = self.file.generation.encode()
        uids = [b"%b.%x" % (generation, end) for end in piece.ends]
        understood = self.lines.take(piece.texts, uids, time.time_ns(), now_s)
        self._starts += piece.starts
        self._forget_given()
        return understood

    def _flushed(self) -> Understood:
        understood = self.lines.flush()
        self._forget_given()
        return understood

    def _forget_given(self) -> None:
        while len(self._starts) > self.lines.held:
            self._starts.popleft()


def _marks(position: Position | None) -> Iterator[Mark]:
    for kept in [] if position is None else position.get(_FILES, []):
        try:
            yield Mark.of_json(kept)
        except (KeyError, TypeError, ValueError) as error:
            _log.warning("a file's position can't be read: it is read anew", reason=str(error))
