"""Checks every file of a store that is not running, and changes nothing."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import duckdb
import msgspec

from aggregator.errors import StoreFailedError
from aggregator.record import normalise
from aggregator.sql import quote_literal
from aggregator.store.files import (
    DAMAGED_SUFFIX,
    FORMAT_FILE,
    FORMAT_VERSION,
    INDEX_SUFFIX,
    SEGMENT_SUFFIX,
    SETTINGS_FILE,
    SNAPSHOT_FILE,
    Layout,
    Span,
    read_version,
    refuse_unknown_version,
)
from aggregator.store.keep.snapshot import Snapshot
from aggregator.store.log.frame import DamagedBytes, Frame, decode_all
from aggregator.store.segments import index, segment
from aggregator.store.segments.index import Index, IndexDamagedError

_MEMORY = "192MB"


class State(StrEnum):
    """How a file is."""

    GOOD = "good"
    NOTED = "noted"
    """Something that the next start tidies up, or that was reported before."""
    DAMAGED = "damaged"


@dataclass(slots=True)
class Checked:
    """What was found of one file.

    Args:
        path: the file.
        size_bytes: its size.
        rows: how many records it has, where it has any.
        state: how it is.
        findings: what there is to say of it.
    """

    path: Path
    size_bytes: int = 0
    rows: int = 0
    state: State = State.GOOD
    findings: list[str] = field(default_factory=list)

    def note(self, finding: str) -> None:
        """Say something that is no damage."""
        self.findings.append(finding)
        if self.state is State.GOOD:
            self.state = State.NOTED

    def damage(self, finding: str) -> None:
        """Say what is damaged."""
        self.findings.append(finding)
        self.state = State.DAMAGED


def verify(folder: Path, on_progress: Callable[[int, int], None]) -> list[Checked]:
    """Check every file of a store.

    Args:
        folder: the store's own folder, or a snapshot.
        on_progress: told how many files of how many are checked.

    Raises:
        StoreFailedError: there is no store, or one of a format that this version doesn't read.
    """
    layout = Layout(folder)
    if not (folder / FORMAT_FILE).exists() and not layout.log_folder.is_dir():
        raise StoreFailedError(f"there is no store in {folder}")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found: list[Checked] = []
    with duckdb.connect(config={"threads": 1, "memory_limit": _MEMORY}) as connection:
        for number, path in enumerate(files):
            on_progress(number, len(files))
            checked = Checked(path)
            try:
                checked.size_bytes = path.stat().st_size
                _check(connection, layout, checked)
            except FileNotFoundError:
                # A running aggregator made it into another file, or took it away.
                continue
            except OSError as error:
                checked.damage(f"can't be read: {error.strerror}")
            found.append(checked)
    on_progress(len(files), len(files))
    if FORMAT_FILE not in {checked.path.name for checked in found}:
        missing = Checked(folder / FORMAT_FILE)
        missing.damage("is missing")
        found.insert(0, missing)
    _check_spans([checked for checked in found if checked.path.suffix == SEGMENT_SUFFIX])
    return found


def _check(connection: duckdb.DuckDBPyConnection, layout: Layout, checked: Checked) -> None:
    path = checked.path
    in_log, in_segments = path.parent == layout.log_folder, path.parent == layout.segment_folder
    if path == layout.folder / FORMAT_FILE:
        _check_version(checked)
    elif path.suffix == DAMAGED_SUFFIX:
        checked.note("was damaged before, and set aside")
    elif path.suffix == ".tmp":
        checked.note("is half-written; the next start removes it")
    elif in_log and path.suffix == ".log":
        _check_log(checked)
    elif in_segments and path.suffix == SEGMENT_SUFFIX:
        _check_segment(connection, checked)
    elif in_segments and path.suffix == INDEX_SUFFIX:
        _check_index(checked)
    elif path == layout.folder / SNAPSHOT_FILE:
        _check_snapshot(checked)
    elif path == layout.folder / SETTINGS_FILE:
        _check_settings(checked)
    elif in_log or in_segments or path.parent == layout.folder:
        checked.note("is no file of the store")


def _check_version(checked: Checked) -> None:
    try:
        version = read_version(checked.path.parent)
    except StoreFailedError as error:
        checked.damage(error.message)
        return
    if version is None or version == FORMAT_VERSION:
        return
    refuse_unknown_version(checked.path.parent, version)
    checked.note(f"has format {version}; the next start brings it to format {FORMAT_VERSION}")


def _check_snapshot(checked: Checked) -> None:
    try:
        msgspec.json.decode(checked.path.read_bytes(), type=Snapshot)
    except msgspec.MsgspecError as error:
        checked.damage(f"can't be read: {error}")


def _check_settings(checked: Checked) -> None:
    try:
        msgspec.json.decode(checked.path.read_bytes(), type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        checked.damage(f"can't be read: {error}")


def _check_log(checked: Checked) -> None:
    path = checked.path
    next_seq = int(path.stem) if path.stem.isdecimal() else None
    if next_seq is None:
        checked.damage("is not named after a line number")
        return
    for item in decode_all(path.read_bytes()):
        if isinstance(item, DamagedBytes):
            if item.at_end:
                checked.note(
                    f"{item.size_bytes} bytes at its end are no whole batch; they were not acknowledged"
                )
            else:
                checked.damage(f"{item.size_bytes} bytes from {item.offset} on can't be read")
            continue
        _check_frame(checked, item, next_seq)
        next_seq = item.last_seq + 1
        checked.rows += item.rows


def _check_frame(checked: Checked, frame: Frame, next_seq: int) -> None:
    if frame.first_seq < next_seq:
        checked.damage(f"line {frame.first_seq} comes after line {next_seq - 1}")
    if frame.lines.count(b"\n") != frame.rows:
        checked.damage(f"the batch of line {frame.first_seq} has another number of lines than it says")


def _check_segment(connection: duckdb.DuckDBPyConnection, checked: Checked) -> None:
    path = checked.path
    span = Span.of(path)
    known = _known(path.with_suffix(INDEX_SUFFIX))
    if known is not None:
        facts = known.facts
        known.close()
        if checked.size_bytes != facts.segment_bytes:
            checked.damage(f"has {checked.size_bytes} bytes; {facts.segment_bytes} were written")
        elif index.checksum(path)[1] != facts.segment_crc32:
            checked.damage("its checksum is not that of what was written")
    try:
        rows, first_seq, last_seq, *times = _read(connection, path, whole=known is None)
    except duckdb.Error as error:
        checked.damage(f"can't be read: {str(error).partition('\n')[0]}")
        return
    checked.rows = rows
    if span is None:
        checked.note("is not named after its lines, as segments of format 1 are")
    elif rows and not span.first_seq <= first_seq <= last_seq <= span.last_seq:
        checked.damage(f"has lines {first_seq} … {last_seq}, which its name does not say")
    if known is not None and (rows, *times) != (facts.rows, facts.first_ns, facts.last_ns):
        checked.damage("its records are not those that its index tells of")


def _read(connection: duckdb.DuckDBPyConnection, path: Path, *, whole: bool) -> Sequence[int]:
    """Read rows, first and last number and first and last time of a segment; all its columns if asked to."""
    file = f"read_parquet({quote_literal(str(path))})"
    columns = {name for name, *_ in connection.execute(f"DESCRIBE FROM {file}").fetchall()}
    relation = segment.relation([path]) if normalise.TIMESTAMP_US in columns else file
    if whole:
        connection.execute(f"SELECT max(COLUMNS(*)) FROM {file}").fetchone()
    row = connection.execute(
        f"SELECT count(*), min({normalise.SEQ}), max({normalise.SEQ}), min(timestamp), max(timestamp) "
        f"FROM {relation}"
    ).fetchone()
    return row or ()


def _check_index(checked: Checked) -> None:
    try:
        index.read(checked.path).close()
    except IndexDamagedError as error:
        checked.damage(f"{error.message}; the next start makes it again")
    if not checked.path.with_suffix(SEGMENT_SUFFIX).exists():
        checked.note("has no segment; the next start removes it")


def _known(path: Path) -> Index | None:
    try:
        return index.read(path)
    except IndexDamagedError:
        return None


def _check_spans(segments: Sequence[Checked]) -> None:
    """Look for segments that were made into others, for such with the same lines, and for missing indexes."""
    for checked in segments:
        if not checked.path.with_suffix(INDEX_SUFFIX).exists():
            checked.note("has no index; the next start makes it again")
    for checked, span, other in _overlapping(segments):
        if other.replaces(span):
            checked.note(f"was made into {other.name}; the next start removes it")
        elif not span.replaces(other):
            checked.damage(f"has lines that {other.name} has too")


def _overlapping(segments: Sequence[Checked]) -> Iterator[tuple[Checked, Span, Span]]:
    spans = [(span, checked) for checked in segments if (span := Span.of(checked.path)) is not None]
    spans.sort(key=lambda item: item[0])
    open_spans: list[tuple[Span, Checked]] = []
    for span, checked in spans:
        open_spans = [(other, its) for other, its in open_spans if other.last_seq >= span.first_seq]
        for other, its in open_spans:
            yield checked, span, other
            yield its, other, span
        open_spans.append((span, checked))


def count(found: Sequence[Checked]) -> dict[State, int]:
    """Count the files of each state."""
    states = sorted(checked.state for checked in found)
    counted = {state: len(list(group)) for state, group in itertools.groupby(states)}
    return {state: counted.get(state, 0) for state in State}
