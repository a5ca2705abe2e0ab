"""Follows a journal in its folder, such as the host's where this container sees it.

`journalctl` reads it: it knows every version of the files, and follows their rotation. Its export format
takes a third of the time of its JSON, which writes a coloured line as a list of numbers.
"""

import contextlib
import fcntl
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import orjson

from aggregator import limits
from aggregator.intake.journal.export_format import Entry, ExportDecoder
from aggregator.intake.journal.records import JournalRecords
from aggregator.intake.text.stream import Understood
from aggregator.sources.source import Outlet, SourceFailedError, StoppedError

NAME: Final = "journal"
_CURSOR: Final = "cursor"
_ABSENT_S: Final = 10.0
_STOP_S: Final = 5.0
_PIPE_BYTES: Final = 1024 * 1024
"""What Linux lets a process without privileges have in a pipe."""

_REASON_CHARACTERS: Final = 500


class JournalDirectory:
    """A journal in a folder.

    Args:
        folder: the folder; journal files lie in it, or in folders of machines below it.
        journalctl: the program, found by its name where it has no path.
    """

    name = NAME

    def __init__(self, folder: Path, journalctl: str = "journalctl") -> None:
        self._folder = folder
        self._journalctl = journalctl

    def read(self, outlet: Outlet) -> None:
        """Follow the journal."""
        program = shutil.which(self._journalctl)
        if program is None:
            raise SourceFailedError(f"{self._journalctl} is not installed")
        while not _has_journal(self._folder):
            outlet.wait(f"no journal in {self._folder}", _ABSENT_S)
        kept = outlet.position
        cursor = None if kept is None else str(kept[_CURSOR])
        with _following(program, self._folder, cursor) as (output, errors):
            _Reading(outlet, cursor).run(output)
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()[-_REASON_CHARACTERS:]
        raise SourceFailedError(f"journalctl ended: {said or 'it said nothing'}")


class _Reading:
    """Makes lines of what journalctl writes.

    Args:
        outlet: where they go.
        cursor: of the last entry that was stored; journalctl begins with it if it is still there.
    """

    def __init__(self, outlet: Outlet, cursor: str | None) -> None:
        self._outlet = outlet
        self._expected = None if cursor is None else cursor.encode()
        self._decoder = ExportDecoder()
        self._records = JournalRecords(self._expected)
        self._counted = (0, 0, 0)

    def run(self, output: int) -> None:
        """Read until the output ends.

        Raises:
            StoppedError: the source is stopped.
        """
        while True:
            if self._outlet.stopping.is_set():
                raise StoppedError
            ready = _is_ready(output, self._patience_s())
            data = _available(output) if ready else b""
            if ready and not data:
                return
            entries = self._decoder.feed(data) if data else []
            if entries and self._expected is not None:
                entries = self._after_gap(entries, self._expected)
                self._expected = None
            made = self._records.take(entries, time.monotonic())
            self._count_refused()
            position = self._records.position
            self._outlet.deliver(
                made,
                None if position is None else {_CURSOR: position.decode()},
                self._records.newest_ns if made.rows else 0,
            )

    def _patience_s(self) -> float:
        due_s = self._records.due_s
        if due_s is None:
            return limits.SOURCE_IDLE_S
        return min(max(due_s - time.monotonic(), 0.0), limits.SOURCE_IDLE_S)

    def _after_gap(self, entries: list[Entry], expected: bytes) -> list[Entry]:
        """Return the entries behind the expected one; report what is missing if that is not there."""
        first = entries[0].get(b"__CURSOR", b"")
        if first == expected:
            return entries[1:]
        self._outlet.deliver(_gap(expected, first, entries[0]), None)
        return entries

    def _count_refused(self) -> None:
        counted = (self._decoder.invalid, self._decoder.too_long, self._records.without_message)
        for reason, now, before in zip(
            ("invalid_entry", "too_long", "no_message"), counted, self._counted, strict=True
        ):
            self._outlet.refused(reason, now - before)
        self._counted = counted


def _gap(expected: bytes, first: bytes, entry: Entry) -> Understood:
    """Make the record that says that entries are missing, with the time of the first one behind them."""
    missing = _missing(expected, first)
    count = "an unknown number of entries" if missing is None else f"{missing} entries at most"
    record: dict[str, object] = {
        "timestamp": int(entry.get(b"__REALTIME_TIMESTAMP", b"0")) * 1000,
        "level": "WARNING",
        "service": "ha-ingestor",
        "logger": "aggregator.sources.journal",
        "message": f"gap in the journal: {count} went before they were read",
        "gap_after": expected.decode(errors="replace"),
        "gap_before": first.decode(errors="replace"),
    }
    if missing is not None:
        record["gap_entries"] = missing
    return Understood(orjson.dumps(record) + b"\n", 1)


def _missing(expected: bytes, first: bytes) -> int | None:
    """How many numbers lie between two cursors of the same sequence; None for those of two."""
    before, after = _sequence(expected), _sequence(first)
    if before is None or after is None or before[0] != after[0] or after[1] <= before[1]:
        return None
    return after[1] - before[1] - 1


def _sequence(cursor: bytes) -> tuple[bytes, int] | None:
    parts = dict(part.split(b"=", 1) for part in cursor.split(b";") if b"=" in part)
    try:
        return parts[b"s"], int(parts[b"i"], 16)
    except (KeyError, ValueError):
        return None


def _has_journal(folder: Path) -> bool:
    return any(folder.glob("*.journal")) or any(folder.glob("*/*.journal"))


@contextlib.contextmanager
def _following(program: str, folder: Path, cursor: str | None) -> Iterator[tuple[int, IO[bytes]]]:
    """Run journalctl; yield the end of the pipe that it writes to, and the file of what it complains of."""
    arguments = [
        *("--output=export", "--follow", "--no-tail", "--no-pager", "--quiet", f"--directory={folder}"),
        # Without it, following leaves out what was written before the last start of the machine.
        "--merge",
    ]
    if cursor is not None:
        # With the entry itself, so that it shows whether that is still there.
        arguments.append(f"--cursor={cursor}")
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - no shell, and a cursor is one argument
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        )
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        output = process.stdout.fileno()
        os.set_blocking(output, False)
        with contextlib.suppress(OSError):
            fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        try:
            yield output, errors
        finally:
            process.stdout.close()
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_ready(pipe: int, patience_s: float) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(patience_s * 1000))


def _available(pipe: int) -> bytes:
    """Read what is there, up to a batch; nothing when the pipe has ended."""
    pieces: list[bytes] = []
    size_bytes = 0
    with contextlib.suppress(BlockingIOError):
        while size_bytes < limits.JOURNAL_READ_BYTES and (piece := os.read(pipe, _PIPE_BYTES)):
            pieces.append(piece)
            size_bytes += len(piece)
    return b"".join(pieces)
