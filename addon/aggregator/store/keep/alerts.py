"""What the owner of a store should look at."""

import time
from dataclasses import dataclass
from typing import Final

from aggregator import limits
from aggregator.store.keep.disk_room import DiskRoom
from aggregator.store.keep.removal import Report

_TOLD_S: Final = 3600.0
"""How long it is told that logs went for room on the disk: longer than anyone looks away."""


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


class Alerts:
    """Remembers since when there is something to look at."""

    def __init__(self) -> None:
        self._removed_s: float | None = None
        self._since_ns: dict[str, int] = {}

    def removed_for_room(self) -> None:
        """Tell that logs went before their time, as the disk was nearly full."""
        self._removed_s = time.monotonic()

    def now(
        self,
        room: DiskRoom,
        last: Report | None,
        archive_missing: str | None,
        damaged_segments: int,
        damaged_logs: int,
    ) -> list[Alert]:
        """Say what there is to look at.

        Args:
            room: on the store's disk.
            last: what retention did last.
            archive_missing: where an archive should be and is not.
            damaged_segments: how many segments are set aside.
            damaged_logs: how many pieces of log files are.
        """
        found: dict[str, str] = {}
        lately = self._removed_s is not None and time.monotonic() - self._removed_s < _TOLD_S
        if room.missing_bytes or lately:
            free_mib, reserve_mib = room.free_bytes // limits.MIB, room.reserve_bytes // limits.MIB
            found["disk_nearly_full"] = (
                f"{free_mib} MiB are free on the store's disk; to keep {reserve_mib} MiB free, "
                "the oldest logs are removed before their time"
            )
        if last is not None and last.failed:
            found["retention_failed"] = (
                f"{last.failed} segments could not be removed, archived or written again; the log says why"
            )
        if archive_missing is not None:
            found["archive_missing"] = (
                f"the archive {archive_missing} is not there: it takes nothing, and is not searched"
            )
        if damaged_segments:
            found["segments_damaged"] = (
                f"{damaged_segments} segments are damaged and set aside, with the records in them; "
                "check the disk, and restore or delete them"
            )
        if damaged_logs:
            found["log_damaged"] = (
                f"{damaged_logs} pieces of the log were damaged at a start and are set aside, with the lines "
                "in them that had no segment yet; check the disk, then delete them"
            )
        now_ns = time.time_ns()
        self._since_ns = {code: self._since_ns.get(code, now_ns) for code in found}
        return [Alert(code, message, self._since_ns[code]) for code, message in found.items()]
