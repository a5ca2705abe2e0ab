"""How much room the store's disk has, and how much of it is held free."""

import os
from dataclasses import dataclass
from pathlib import Path

from aggregator import limits


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """Room on a disk.

    Args:
        free_bytes: what may still be written there.
        reserve_bytes: what is to stay free.
    """

    free_bytes: int
    reserve_bytes: int

    @property
    def missing_bytes(self) -> int:
        """How much more has to be free; 0 when there is room."""
        return max(self.reserve_bytes - self.free_bytes, 0)


def look(folder: Path) -> DiskRoom:
    """Look at the disk of a folder.

    Raises:
        OSError: the folder is gone, or its disk does not answer.
    """
    disk = os.statvfs(folder)
    total_bytes = disk.f_blocks * disk.f_frsize
    wanted_bytes = max(total_bytes * limits.DISK_RESERVE_PERCENT // 100, limits.DISK_RESERVE_BYTES)
    # Neither a large disk's share nor the least reserve of a tiny one may be all there is for logs.
    reserve_bytes = min(wanted_bytes, limits.DISK_RESERVE_MOST_BYTES, total_bytes // 10)
    return DiskRoom(disk.f_bavail * disk.f_frsize, reserve_bytes)
