"""What the running code takes of the machine."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Resident pages stand second; Linux only.
_STATM: Final = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """What was used up to a moment.

    Args:
        cpu_s: CPU time of this thread.
        memory_bytes: memory that the process has in use; ``None`` where the system doesn't tell.
    """

    cpu_s: float
    memory_bytes: int | None

    def until(self, later: "ResourceUsage") -> dict[str, float]:
        """The fields of a line about the time from here to a later moment."""
        fields: dict[str, float] = {"cpu_ms": round((later.cpu_s - self.cpu_s) * 1000, 3)}
        if self.memory_bytes is not None and later.memory_bytes is not None:
            fields["memory_delta_bytes"] = later.memory_bytes - self.memory_bytes
        return fields


def resource_usage() -> ResourceUsage:
    """What this thread and process have used so far."""
    return ResourceUsage(time.thread_time(), _memory_bytes())


def _memory_bytes() -> int | None:
    try:
        pages = int(_STATM.read_bytes().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
