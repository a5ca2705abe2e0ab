"""Retention: takes away what the policy no longer keeps, and the oldest when the disk is nearly full."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import structlog

from aggregator import limits
from aggregator.query.fragment import negation
from aggregator.store import disk_room
from aggregator.store.disk_room import DiskRoom
from aggregator.store.expiry import Expiry
from aggregator.store.files import sync_folder
from aggregator.store.policy import Policy
from aggregator.store.removal import Cause, Removed, Report, Step, report
from aggregator.store.rewrite import rewrite
from aggregator.store.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_NICENESS: Final = 10
_ALERT_S: Final = 3600.0
"""How long it is told that logs went for room on the disk: longer than any sensible look at the alerts."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that its owner should look at.

    Args:
        code: what, for programs.
        message: what, for people.
        since_ns: since when, ns since the epoch.
    """

    code: str
    message: str
    since_ns: int


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


@dataclass(frozen=True, slots=True)
class Lack:
    """Room that has to be made.

    Args:
        over_bytes: by how much the store is larger than it may be.
        missing_bytes: how much more of the disk has to be free.
    """

    over_bytes: int
    missing_bytes: int

    def after(self, freed_bytes: int) -> Cause | None:
        """Why more has to go once so much went; None when there is enough room."""
        if freed_bytes < self.missing_bytes:
            return Cause.DISK
        return Cause.SIZE if freed_bytes < self.over_bytes else None


def plan(segments: Sequence[Segment], expiry: Expiry, lack: Lack, now_ns: int) -> list[Step]:
    """Choose what goes, the oldest first.

    Args:
        segments: those that may go.
        expiry: says what goes by its age.
        lack: how much room has to be made besides.
        now_ns: the present, ns since the epoch.
    """
    oldest_first = sorted(segments, key=lambda segment: (segment.last_ns, segment.first_seq))
    steps: dict[Segment, Step] = {}
    for segment in oldest_first:
        step = expiry.step(segment, now_ns)
        if step is not None:
            steps[segment] = step
    freed_bytes = sum(item.size_bytes for step in steps.values() for item in step.removed)
    for segment in oldest_first:
        cause = lack.after(freed_bytes)
        if cause is None:
            break
        begun = steps.get(segment, Step(segment, (), ()))
        if begun.horizons is None:
            continue
        rest = Removed(
            cause,
            None,
            segment.rows - sum(item.rows for item in begun.removed),
            segment.size_bytes - sum(item.size_bytes for item in begun.removed),
            segment.first_ns,
            segment.last_ns,
        )
        steps[segment] = Step(segment, (*begun.removed, rest))
        freed_bytes += rest.size_bytes
    # What goes as a whole makes room for what is written again.
    return sorted(steps.values(), key=lambda step: step.horizons is not None)


class Retention:
    """Applies a policy in a thread of its own: when it is set, every few minutes, and when the disk is short.

    Args:
        workspace: of the store.
        make_room: deletes what is less needed than logs when the disk is short; tells whether there was any.
    """

    def __init__(self, workspace: Workspace, make_room: Callable[[], bool]) -> None:
        self._workspace = workspace
        self._make_room = make_room
        self._expiry: Expiry | None = None
        self._policy: Policy | None = None
        self._applying = threading.Lock()
        self._due_s = time.monotonic()
        self._last: Report | None = None
        self._last_removal: Report | None = None
        self._seen = DiskRoom(0, 0)
        self._disk_alert_s: float | None = None
        self._since_ns: dict[str, int] = {}
        self._told = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="retain", daemon=True)
        self._thread.start()

    def set_policy(self, policy: Policy) -> None:
        """Keep from now on what a policy says; what it doesn't keep goes soon."""
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
        room = self._seen
        found: dict[str, str] = {}
        lately = self._disk_alert_s is not None and time.monotonic() - self._disk_alert_s < _ALERT_S
        if room.missing_bytes or lately:
            free_mib, reserve_mib = room.free_bytes // limits.MIB, room.reserve_bytes // limits.MIB
            found["disk_nearly_full"] = (
                f"{free_mib} MiB are free on the store's disk; to keep {reserve_mib} MiB free, "
                "the oldest logs are removed before their time"
            )
        if self._last is not None and self._last.failed:
            found["retention_failed"] = (
                f"{self._last.failed} segments could not be removed or written again; the log has the reasons"
            )
        now_ns = time.time_ns()
        self._since_ns = {code: self._since_ns.get(code, now_ns) for code in found}
        return [Alert(code, message, self._since_ns[code]) for code, message in found.items()]

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
            while self._look().missing_bytes and self._make_room():
                continue
            now_ns = time.time_ns()
            with self._workspace.catalogue.lease():
                segments = self._settled()
                steps = plan(segments, self._expiry, self._lack(policy), now_ns)
            self._expiry.forget_others(segments)
            if steps:
                # A log file that came back after a loss of power would bring back what goes now.
                sync_folder(self._workspace.layout.log_folder)
            done: list[Step] = []
            failed = 0
            for step in steps:
                if self._stopping:
                    break
                try:
                    done += self._take(step, policy)
                except (OSError, duckdb.Error) as error:
                    failed += 1
                    _log.error("retention failed", segment=step.segment.path.name, error=str(error))
            return self._tell(report(now_ns, done, failed))

    def _take(self, step: Step, policy: Policy) -> list[Step]:
        """Do one step; return what was done, nothing if the segment was made into another one meanwhile."""
        segment = step.segment
        with self._workspace.changing, self._workspace.catalogue.lease() as parts:
            if segment not in parts:
                return []
            new = None
            if step.horizons is not None:
                new = rewrite(self._workspace, [segment], negation(policy.past(step.horizons)))
            self._workspace.catalogue.replace([segment], new)
        freed_bytes = segment.size_bytes - (new.size_bytes if new is not None else 0)
        rows = sum(item.rows for item in step.removed)
        removed = (replace(item, size_bytes=freed_bytes * item.rows // rows) for item in step.removed)
        return [replace(step, removed=tuple(removed))]

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
            self._disk_alert_s = time.monotonic()
            _log.warning("the disk is nearly full: the oldest logs went before their time", rows=found.rows)
        return found

    def _settled(self) -> list[Segment]:
        """The segments whose lines are in no log file: a start would load those again."""
        needed_from = self._workspace.settled_before
        with self._workspace.catalogue.lease() as parts:
            return [part for part in parts if isinstance(part, Segment) and part.last_seq < needed_from]

    def _look(self) -> DiskRoom:
        self._seen = disk_room.look(self._workspace.layout.folder)
        return self._seen

    def _lack(self, policy: Policy | None) -> Lack:
        over_bytes = 0
        if policy is not None and policy.size_bytes is not None:
            over_bytes = max(self._workspace.size_bytes - policy.size_bytes, 0)
        return Lack(over_bytes, self._look().missing_bytes)

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
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
