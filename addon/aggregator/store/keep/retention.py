"""Retention: takes away what the policy no longer keeps, and the oldest when the disk is nearly full."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import structlog

from aggregator import limits
from aggregator.priority import stand_back
from aggregator.query.fragment import negation
from aggregator.store.files import sync_folder
from aggregator.store.keep import disk_room
from aggregator.store.keep.alerts import Alert, Alerts
from aggregator.store.keep.archive import Archive
from aggregator.store.keep.archived import ArchiveSearch
from aggregator.store.keep.disk_room import DiskRoom
from aggregator.store.keep.expiry import Expiry
from aggregator.store.keep.policy import Policy
from aggregator.store.keep.removal import Cause, Report, Step, report
from aggregator.store.keep.removal_plan import Lack, plan
from aggregator.store.part import Part
from aggregator.store.segments.rewrite import rewrite
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class RetentionState:
    """How retention stands.

    Args:
        last: what went at the last run; None before the first one.
        last_removal: what went when something last did.
        next_ns: when the next run is due, ns since the epoch; None without a policy.
        room: on the store's disk.
    """

    last: Report | None
    last_removal: Report | None
    next_ns: int | None
    room: DiskRoom


class Retention:
    """Applies a policy in a thread of its own: when it is set, every few minutes, and when the disk is short.

    Args:
        workspace: of the store.
        archive_search: shows the archive's segments to readers.
        set_aside_if_damaged: checks a segment that could not be read.
        make_room: deletes what is less needed than logs when the disk is short; tells whether there was any.
    """

    def __init__(
        self,
        workspace: Workspace,
        archive_search: ArchiveSearch,
        set_aside_if_damaged: Callable[[Part], bool],
        make_room: Callable[[], bool],
    ) -> None:
        self._workspace = workspace
        self._set_aside_if_damaged = set_aside_if_damaged
        self._make_room = make_room
        self._archive_search = archive_search
        self._archive_missing: str | None = None
        self._expiry: Expiry | None = None
        self._policy: Policy | None = None
        self._applying = threading.Lock()
        self._due_s = time.monotonic()
        self._last: Report | None = None
        self._last_removal: Report | None = None
        self._seen = DiskRoom(0, 0)
        self._damaged_segments = self._damaged_logs = 0
        self._alerts = Alerts()
        self._told = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="retain", daemon=True)
        self._thread.start()

    def set_policy(self, policy: Policy) -> None:
        """Keep from now on what a policy says; what it doesn't keep goes soon."""
        self._archive_search.expect(policy.archive_folder if policy.searches_archive else None)
        self._policy = policy
        self._due_s = time.monotonic()
        self._told.set()

    def stop(self) -> None:
        """End after the segment that is being written."""
        self._stopping = True
        self._told.set()
        self._thread.join()

    @property
    def state(self) -> RetentionState:
        """How retention stands now."""
        wait_s = max(self._due_s - time.monotonic(), 0.0)
        next_ns = None if self._policy is None else time.time_ns() + int(wait_s * 10**9)
        return RetentionState(self._last, self._last_removal, next_ns, self._look())

    @property
    def alerts(self) -> list[Alert]:
        """What the store's owner should look at, as of the last look at the disk."""
        return self._alerts.now(
            self._seen, self._last, self._archive_missing, self._damaged_segments, self._damaged_logs
        )

    def preview(self, policy: Policy) -> Report:
        """Say what would go by a policy now; nothing is touched.

        Raises:
            OSError: the disk does not answer.
        """
        now_ns = time.time_ns()
        with self._workspace.catalogue.lease():
            segments = self._settled()
            return report(now_ns, plan(segments, Expiry(policy), self._lack(policy), now_ns))

    def apply(self, policy: Policy) -> Report:
        """Take away what a policy does not keep.

        Raises:
            OSError: the disk does not answer.
        """
        with self._applying:
            if self._expiry is None or self._expiry.policy != policy:
                self._expiry = Expiry(policy)
            archive = self._open_archive(policy)
            while self._look().missing_bytes and self._make_room():
                continue
            now_ns = time.time_ns()
            with self._workspace.catalogue.lease():
                segments = self._settled()
                steps = plan(segments, self._expiry, self._lack(policy), now_ns)
            self._expiry.forget_others(segments)
            if policy.archives and archive is None:
                # What can't be archived stays, unless lines could not be taken any more.
                steps = [step for step in steps if step.for_disk]
            if steps:
                # A log file that came back after a loss of power would bring back what goes now.
                sync_folder(self._workspace.layout.log_folder)
            done: list[Step] = []
            failed = 0
            for step in steps:
                if self._stopping:
                    break
                try:
                    done += self._take(step, policy, archive if policy.archives else None)
                except (OSError, duckdb.Error) as error:
                    failed += 1
                    self._set_aside_if_damaged(step.segment)
                    _log.error("retention failed", segment=step.segment.path.name, error=str(error))
            self._archive_search.show(archive if policy.searches_archive else None)
            return self._tell(report(now_ns, done, failed))

    def _take(self, step: Step, policy: Policy, archive: Archive | None) -> list[Step]:
        """Do one step; return what was done, nothing if the segment was made into another one meanwhile."""
        segment = step.segment
        with self._workspace.changing, self._workspace.catalogue.lease() as parts:
            if segment not in parts:
                return []
            archived = archive is not None and self._archive(step, policy, archive)
            new = None
            if step.horizons is not None:
                new = rewrite(self._workspace, [segment], negation(policy.past(step.horizons)))
            self._workspace.catalogue.replace([segment], new)
        if archive is not None:
            self._settle(archive)
        freed_bytes = segment.size_bytes - (new.size_bytes if new is not None else 0)
        rows = sum(item.rows for item in step.removed)
        removed = (replace(item, size_bytes=freed_bytes * item.rows // rows) for item in step.removed)
        return [replace(step, removed=tuple(removed), archived=archived)]

    def _archive(self, step: Step, policy: Policy, archive: Archive) -> bool:
        """Copy what goes to the archive; tell whether it did.

        Raises:
            OSError: the archive can't take it, so that it stays, unless the store's disk is nearly full.
        """
        try:
            if step.for_disk and archive.shares_disk(self._workspace.layout.folder):
                return False
            if step.horizons is None:
                archive.put(step.segment)
            else:
                with self._workspace.database.cursor() as connection:
                    archive.put_part(connection, step.segment, policy.past(step.horizons))
        except OSError as error:
            if not step.for_disk:
                raise
            _log.error("not archived, as the disk is nearly full", error=str(error))
            return False
        return True

    def _open_archive(self, policy: Policy) -> Archive | None:
        """Find the archive, if it is wanted and there, and finish what a crash left pending in it."""
        self._archive_missing = None
        if policy.archive_folder is None or not (policy.archives or policy.searches_archive):
            return None
        archive = Archive(policy.archive_folder)
        if not archive.is_there:
            self._archive_missing = str(policy.archive_folder)
            _log.error("the archive is not there", path=str(policy.archive_folder))
            return None
        self._settle(archive)
        return archive

    def _settle(self, archive: Archive) -> None:
        with self._workspace.catalogue.lease() as parts:
            in_use = {part.path.name for part in parts if isinstance(part, Segment)}
        archive.settle(self._workspace.layout.segment_folder, in_use)

    def _tell(self, found: Report) -> Report:
        self._last = found
        if found.rows:
            self._last_removal = found
            _log.info(
                "retention removed records",
                rows=found.rows,
                size_bytes=found.size_bytes,
                segments=found.segments,
                rewritten=found.rewritten,
            )
        if any(item.cause is Cause.DISK for item in found.removed):
            self._alerts.removed_for_room()
            _log.warning("the disk is nearly full: the oldest logs went before their time", rows=found.rows)
        return found

    def _settled(self) -> list[Segment]:
        """The segments whose lines are in no log file: a start would load those again."""
        needed_from = self._workspace.settled_before
        with self._workspace.catalogue.lease() as parts:
            return [part for part in parts if isinstance(part, Segment) and part.last_seq < needed_from]

    def _look(self) -> DiskRoom:
        layout = self._workspace.layout
        self._seen = disk_room.look(layout.folder)
        self._damaged_segments = len(layout.damaged_segments())
        self._damaged_logs = len(layout.damaged_logs())
        return self._seen

    def _lack(self, policy: Policy | None) -> Lack:
        over_bytes = 0
        if policy is not None and policy.size_bytes is not None:
            over_bytes = max(self._workspace.size_bytes - policy.size_bytes, 0)
        return Lack(over_bytes, self._look().missing_bytes)

    def _run(self) -> None:
        stand_back(_NICENESS)
        while not self._stopping:
            self._told.wait(limits.DISK_CHECK_S)
            self._told.clear()
            policy = self._policy
            if policy is None or self._stopping:
                continue
            try:
                due = time.monotonic() >= self._due_s
                if due:
                    self._due_s = time.monotonic() + limits.RETENTION_INTERVAL_S
                if due or self._lack(policy).after(0) is not None:
                    self.apply(policy)
            except OSError as error:
                _log.error("retention failed; trying again later", error=str(error))
