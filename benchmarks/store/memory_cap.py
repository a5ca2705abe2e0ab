"""A cap on a process's memory, by what the machine has for it."""

import os
import shutil
from pathlib import Path

_SYSTEMD = Path("/run/systemd/system")
_UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers")


def launcher(limit_mib: int) -> tuple[list[str], str]:
    """Return a command that caps the one that follows it, and what sort of cap that is.

    A memory cgroup counts what the process really uses, its page cache included. Without systemd and
    cgroup v2 the cap is on the size of its private writable memory, used or not, stacks of threads
    included: harder to keep.

    Args:
        limit_mib: the cap.
    """
    systemd_run = shutil.which("systemd-run")
    if systemd_run and _SYSTEMD.is_dir() and _UNIFIED.is_file():
        whose = [] if os.geteuid() == 0 else ["--user"]
        properties = ["-p", f"MemoryMax={limit_mib}M", "-p", "MemorySwapMax=0"]
        return [systemd_run, *whose, "--scope", "--quiet", *properties, "--"], "memory cgroup"
    return ["sh", "-c", f'ulimit -d {limit_mib * 1024} && exec "$@"', "sh"], "RLIMIT_DATA"
