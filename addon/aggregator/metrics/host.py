"""Load of the machine and of the aggregator's own process."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

_MIN_INTERVAL_S = 1.0
"""Percentages of the processor over a shorter span are noise: the kernel counts in steps of 10 ms."""


@dataclass(frozen=True, slots=True)
class HostUsage:
    """The machine.

    Args:
        cpu_percent: Of all cores, since the sample before.
        memory_percent: Of the memory, what programs can't get.
        disk_percent: Of the disk that holds the data folder, as its users see it.
        disk_free_bytes: What the aggregator may still write there.
    """

    cpu_percent: float
    memory_percent: float
    disk_percent: float
    disk_free_bytes: int


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """The aggregator.

    Args:
        cpu_percent: Of one core, since the sample before.
        memory_bytes: Resident memory.
        uptime_s: Since the sampler was made, which is at start.
    """

    cpu_percent: float
    memory_bytes: int
    uptime_s: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Both, sampled at one moment."""

    host: HostUsage
    process: ProcessUsage


class UsageSampler:
    """Samples usage; percentages span the time since the sample before.

    `psutil.cpu_percent` keeps its last reading per thread and so can't be called from a pool of them.

    Args:
        data_folder: The folder whose disk is watched; must exist.
        clock: Monotonic seconds.
    """

    def __init__(self, data_folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._data_folder = data_folder
        self._clock = clock
        self._process = psutil.Process()
        self._lock = threading.Lock()
        self._start_s = self._last_s = clock()
        self._host_busy_s, self._host_total_s = _host_cpu_s()
        self._process_s = self._process_cpu_s()
        self._usage: Usage | None = None

    def sample(self) -> Usage:
        """Return the usage, at most a second old. Takes well under a millisecond unless the disk hangs.

        Call it from a thread: the data folder may lie on a network disk that does not answer.

        Raises:
            OSError: The data folder is gone.
        """
        with self._lock:
            now_s = self._clock()
            if self._usage is None or now_s - self._last_s >= _MIN_INTERVAL_S:
                self._usage = Usage(self._sample_host(), self._sample_process(now_s))
                self._last_s = now_s
            return self._usage

    def _sample_host(self) -> HostUsage:
        busy_s, total_s = _host_cpu_s()
        elapsed_s = total_s - self._host_total_s
        share = (busy_s - self._host_busy_s) / elapsed_s if elapsed_s > 0 else 0.0
        self._host_busy_s, self._host_total_s = busy_s, total_s
        disk = psutil.disk_usage(str(self._data_folder))
        return HostUsage(
            cpu_percent=min(max(100.0 * share, 0.0), 100.0),
            memory_percent=psutil.virtual_memory().percent,
            disk_percent=disk.percent,
            disk_free_bytes=disk.free,
        )

    def _sample_process(self, now_s: float) -> ProcessUsage:
        process_s = self._process_cpu_s()
        elapsed_s = now_s - self._last_s
        share = (process_s - self._process_s) / elapsed_s if elapsed_s > 0 else 0.0
        self._process_s = process_s
        return ProcessUsage(
            cpu_percent=100.0 * share,
            memory_bytes=self._process.memory_info().rss,
            uptime_s=now_s - self._start_s,
        )

    def _process_cpu_s(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system


def _host_cpu_s() -> tuple[float, float]:
    """Return seconds that the cores were busy, and all seconds."""
    times = psutil.cpu_times()
    idle_s = times.idle + getattr(times, "iowait", 0.0)
    # Linux counts the time of guests a second time, in user and nice.
    total_s = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total_s - idle_s, total_s
