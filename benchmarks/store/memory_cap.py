"""An aggregator with a cap on its memory, by what the machine has for it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.aggregator import Aggregator, running

_SYSTEMD = Path("/run/systemd/system")
_UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers")
_RETURNING_ADDRESSES = ("env", "DUCKDB_JE_MALLOC_CONF=retain:false")


@contextmanager
def capped(data: Path, limit_mib: int) -> Iterator[tuple[Aggregator, str]]:
    """Run an aggregator under a cap, and say what sort of cap it is.

    A memory cgroup counts what is really used. Where systemd or cgroup v2 is missing, RLIMIT_DATA bounds the
    private writable address space instead; it gets what the idle process has reserved and not touched on
    top, which is mostly the stacks of threads. There the engine returns address space that it would keep for
    later without memory behind it.

    Args:
        data: its data folder.
        limit_mib: the cap.
    """
    systemd_run = shutil.which("systemd-run")
    if systemd_run and _SYSTEMD.is_dir() and _UNIFIED.is_file():
        whose = [] if os.geteuid() == 0 else ["--user"]
        properties = ["-p", f"MemoryMax={limit_mib}M", "-p", "MemorySwapMax=0"]
        with running(data, [systemd_run, *whose, "--scope", "--quiet", *properties, "--"]) as aggregator:
            yield aggregator, f"memory cgroup of {limit_mib} MiB"
        return
    with running(data, _RETURNING_ADDRESSES) as aggregator:
        reserved_mib = round(aggregator.status_mb("VmData") - aggregator.status_mb("RssAnon"))
        limit_bytes = (limit_mib + reserved_mib) * 2**20
        aggregator.process.rlimit(psutil.RLIMIT_DATA, (limit_bytes, limit_bytes))
        yield aggregator, f"RLIMIT_DATA of {limit_mib} MiB + {reserved_mib} MiB reserved and untouched"
