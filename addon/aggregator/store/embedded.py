"""The embedded store: a synced log of what was taken, rows in memory, Parquet segments, one reader."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import override

import duckdb
import structlog

from aggregator import limits
from aggregator.errors import AggregatorError
from aggregator.memory import give_back
from aggregator.query.ast import Node
from aggregator.record.output import Record
from aggregator.store.activity import Activity
from aggregator.store.files import Layout
from aggregator.store.keep.alerts import Alert
from aggregator.store.keep.archived import Archived, ArchiveSearch
from aggregator.store.keep.policy import Policy
from aggregator.store.keep.removal import Report
from aggregator.store.keep.retention import Retention, RetentionState
from aggregator.store.keep.snapshot import Snapshots
from aggregator.store.load import recovery, uids
from aggregator.store.load.loaded import Loaded
from aggregator.store.load.loader import Loader
from aggregator.store.load.recall import recall
from aggregator.store.load.replay import replay
from aggregator.store.load.sealer import Sealer
from aggregator.store.log.commit import CommitLog
from aggregator.store.log.frame import Frame, StoredFrame
from aggregator.store.log.unsealed import Unsealed
from aggregator.store.part import Catalogue, Part
from aggregator.store.protocol import Store, StoreSize
from aggregator.store.read import aggregate, around, explain, export, facets, field_uses, search, tail, tally
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library
from aggregator.store.reads import (
    Aggregate,
    Context,
    Count,
    CountOverTime,
    ExportFormat,
    Facets,
    FieldUses,
    Groups,
    Histogram,
    Page,
    Plan,
    Search,
    Selection,
)
from aggregator.store.segments.compaction import Compactor
from aggregator.store.segments.migration import migrate
from aggregator.store.segments.quarantine import Quarantine
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_MEMORY = "192MB"
_THREADS = 1
"""Threads of the engine itself: reads and loads come from threads of ours, and splitting one costs more."""


@dataclass(frozen=True, slots=True)
class StoreEvents:
    """Whom the store tells what; called in its threads, so they must return at once.

    Args:
        loaded: lines can be found now.
        synced: a write and sync to the disk took as many seconds.
        damaged: as many bytes of the log could not be read at the start.
        set_aside: a damaged segment was given another name while the store runs.
    """

    loaded: Callable[[Loaded], None]
    synced: Callable[[float], None]
    damaged: Callable[[int], None]
    set_aside: Callable[[Path], None]


class EmbeddedStore(Store):
    """A store of log records in a folder of this machine.

    Args:
        folder: where its files are; made if it is missing. Snapshots lie beside it.
        events: whom to tell what happens.

    Raises:
        StoreFailedError: the folder holds a store of a newer version.
    """

    def __init__(self, folder: Path, events: StoreEvents) -> None:
        self._activity = Activity()
        self._events = events
        self._layout = Layout.prepare(folder)
        self._catalogue = Catalogue()
        self._database = duckdb.connect(
            config={
                "threads": _THREADS,
                "async_threads": 0,
                "memory_limit": _MEMORY,
                "temp_directory": str(folder / "spill"),
                "autoinstall_known_extensions": False,
                # Give memory back after a burst, instead of keeping it for the next one.
                "allocator_background_threads": True,
                "allocator_flush_threshold": "4MB",
            }
        )
        migrate(self._database, self._layout)
        uids.create(self._database)
        self._exports = folder / "exports"
        export.clear(self._exports)
        self._last_seq = 0
        self._is_open = False
        self._workspace = Workspace(self._database, self._layout, self._catalogue, Unsealed(self._layout))
        archive_search = ArchiveSearch(self._database, self._catalogue)
        self._quarantine = Quarantine(self._workspace, archive_search, events.set_aside)
        self._library = Library(self._database, self._catalogue, self._quarantine, archive_search)
        self._sealer = Sealer(self._workspace)
        self._loader = Loader(
            self._workspace, on_loaded=self._on_loaded, on_full=self._sealer.put, on_idle=self._on_idle
        )
        segments = self._recover_segments()
        sealed_seq = self._last_seq
        replayed = replay(self._layout, segments, self._loader, events.damaged)
        next_seq = max(sealed_seq + 1, replayed.next_seq)
        self._workspace.unsealed.begin_at(next_seq)
        self._commit = CommitLog(
            self._layout,
            next_seq=next_seq,
            current=replayed.current,
            on_commit=self._on_commit,
            on_sync=events.synced,
        )
        self._compactor = Compactor(self._workspace, busy=lambda: not self._loader.wait(0))
        self._snapshots = Snapshots(self._workspace, folder.with_name("snapshots"))
        self._retention = Retention(
            self._workspace,
            archive_search,
            self._quarantine.set_aside_if_damaged,
            self._snapshots.delete_oldest,
        )
        self._is_open = True
        give_back()

    @property
    @override
    def activity(self) -> Activity:
        return self._activity

    @property
    @override
    def failure(self) -> AggregatorError | None:
        return self._commit.failure

    @property
    @override
    def last_seq(self) -> int:
        return self._last_seq

    @override
    def append(self, lines: bytes, rows: int, source: str) -> Future[None]:
        return self._commit.append(lines, rows, source)

    @override
    def search(self, asked: Search, budget: Budget) -> Page:
        return search.page(self._library, asked, budget)

    @override
    def context(self, seq: int, lines: int, budget: Budget) -> Context:
        return around.context(self._library, seq, lines, budget)

    @override
    def count(self, selection: Selection, budget: Budget) -> Count:
        return tally.count(self._library, selection, budget)

    @override
    def histogram(self, asked: CountOverTime, budget: Budget) -> Histogram:
        return tally.histogram(self._library, asked, budget)

    @override
    def facets(self, selection: Selection, fields: Sequence[str], limit: int, budget: Budget) -> Facets:
        return facets.facets(self._library, selection, fields, limit, budget)

    @override
    def fields(self, selection: Selection, budget: Budget) -> FieldUses:
        return field_uses.fields(self._library, selection, budget)

    @override
    def aggregate(self, asked: Aggregate, budget: Budget) -> Groups:
        return aggregate.aggregate(self._library, asked, budget)

    @override
    def export(self, selection: Selection, export_format: ExportFormat, budget: Budget) -> Generator[bytes]:
        return export.export(self._library, selection, export_format, self._exports, budget)

    @override
    def explain(self, selection: Selection) -> Plan:
        return explain.plan(self._library, selection)

    @override
    def since(self, after_seq: int, node: Node, limit: int) -> tuple[list[Record], int, int]:
        return tail.since(self._library, after_seq, node, limit)

    @override
    def size(self) -> StoreSize:
        with self._catalogue.lease() as parts:
            filled = [part for part in parts if part.rows and not isinstance(part, Archived)]
            segments = [part for part in parts if isinstance(part, Segment)]
            return StoreSize(
                rows=sum(part.rows for part in filled),
                size_bytes=self._workspace.size_bytes,
                segments=len(segments),
                first_ns=min((part.first_ns for part in filled), default=None),
                last_ns=max((part.last_ns for part in filled), default=None),
            )

    @override
    def set_policy(self, policy: Policy) -> None:
        self._retention.set_policy(policy)

    @override
    def preview_retention(self, policy: Policy) -> Report:
        return self._retention.preview(policy)

    @override
    def retain(self, policy: Policy) -> Report:
        return self._retention.apply(policy)

    @property
    @override
    def retention(self) -> RetentionState:
        return self._retention.state

    def set_aside_if_damaged(self, part: Part) -> bool:
        """Check a part that a read could not read; tell whether reads have to go on without it."""
        return self._quarantine.set_aside_if_damaged(part)

    @property
    @override
    def snapshots(self) -> Snapshots:
        return self._snapshots

    @property
    @override
    def alerts(self) -> list[Alert]:
        return self._retention.alerts

    @override
    def close(self) -> None:
        self._commit.stop()
        self._sealer.give_up_retries()
        self._loader.stop()
        self._sealer.stop()
        self._retention.stop()
        self._compactor.stop()
        self._library.close()
        with self._catalogue.lease() as parts:
            for part in parts:
                if isinstance(part, Segment | Archived):
                    part.close()
        self._database.close()

    def _recover_segments(self) -> list[Segment]:
        segments = sorted(
            recovery.open_segments(self._database, self._layout),
            key=lambda part: part.first_seq,
            reverse=True,
        )
        for segment in segments:
            self._catalogue.add(segment)
        self._last_seq = max((segment.last_seq for segment in segments), default=0)
        with self._database.cursor() as connection:
            oldest_seq = self._last_seq - limits.DUPLICATE_WINDOW_ROWS
            latest = list(takewhile(lambda segment: segment.last_seq >= oldest_seq, segments))
            # Lines of a damaged one may still be in the log.
            whole = self._quarantine.whole(latest)
            for segment in whole:
                uids.remember(connection, segment.view.relation)
            segments = whole + segments[len(latest) :]
            recall(connection, self._activity, segments, self._quarantine)
        return segments

    def _on_commit(self, frame: Frame, stored: StoredFrame) -> None:
        size_bytes = frame.raw_bytes
        self._loader.put(stored, frame, lambda: self._commit.release(size_bytes))

    def _on_idle(self) -> None:
        give_back()
        # While the store is being opened the log takes nothing yet.
        if self._is_open:
            self._commit.end_file()

    def _on_loaded(self, loaded: Loaded) -> None:
        # Lines that a start loads may come before those of segments.
        self._last_seq = max(self._last_seq, loaded.last_seq)
        self._activity.add(loaded.observed_ns / 10**9, loaded.counts)
        self._events.loaded(loaded)
