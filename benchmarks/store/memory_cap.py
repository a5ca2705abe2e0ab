"""An aggregator with a cap on its memory, by what the machine has for it."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.aggregator import Aggregator, running

_SYSTEMD = Path("/run/systemd/system")
_UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers")
_FIRST_VERSION = Path("/sys/fs/cgroup/memory")
_JOIN = ("sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"')
_RETURNING_ADDRESSES = ("env", "DUCKDB_JE_MALLOC_CONF=retain:false")


@contextmanager
def capped(data: Path, limit_mib: int) -> Iterator[tuple[Aggregator, str]]:
    """Run an aggregator under a cap, and say what sort of cap it is.

    A memory cgroup counts what is really used, with the page cache of what was read and written. Where
    neither systemd with cgroup v2 nor a cgroup v1 of one's own can be had, RLIMIT_DATA bounds the private
    writable address space instead; it gets what the idle process has reserved and not touched on top, which
    is mostly the stacks of threads. There the engine returns address space that it would keep for later
    without memory behind it.

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
    elif os.access(_FIRST_VERSION / "memory.limit_in_bytes", os.W_OK):
        with _group(limit_mib) as join, running(data, join) as aggregator:
            yield aggregator, f"memory cgroup (v1) of {limit_mib} MiB"
    else:
        with running(data, _RETURNING_ADDRESSES) as aggregator:
            reserved_mib = round(aggregator.status_mb("VmData") - aggregator.status_mb("RssAnon"))
            limit_bytes = (limit_mib + reserved_mib) * 2**20
            aggregator.process.rlimit(psutil.RLIMIT_DATA, (limit_bytes, limit_bytes))
            yield aggregator, f"RLIMIT_DATA of {limit_mib} MiB + {reserved_mib} MiB reserved and untouched"


@contextmanager
def _group(limit_mib: int) -> Iterator[Sequence[str]]:
    """Make a cgroup with a limit, and yield the command that lets the one behind it run there."""
    group = _FIRST_VERSION / f"ha-ingestor-benchmark-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(limit_mib * 2**20))
        (group / "memory.swappiness").write_text("0")
        yield [*_JOIN, str(group)]
    finally:
        group.rmdir()
