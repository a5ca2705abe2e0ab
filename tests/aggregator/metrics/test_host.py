"""The sampler of usage, against what the kernel itself says."""

import os
import time
from pathlib import Path

import pytest

from aggregator.metrics.host import UsageSampler


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_memory_and_disk_are_what_the_kernel_says(tmp_path: Path) -> None:
    usage = UsageSampler(tmp_path).sample()

    meminfo = {
        line.split(":")[0]: int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines()
    }
    used_percent = 100 * (1 - meminfo["MemAvailable"] / meminfo["MemTotal"])
    disk = os.statvfs(tmp_path)
    resident_bytes = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert usage.host.memory_percent == pytest.approx(used_percent, abs=2)
    assert usage.host.disk_free_bytes == pytest.approx(disk.f_bavail * disk.f_frsize, rel=0.02)
    assert usage.host.disk_percent == pytest.approx(
        100 * (disk.f_blocks - disk.f_bfree) / (disk.f_blocks - disk.f_bfree + disk.f_bavail), abs=1
    )
    assert usage.process.memory_bytes == pytest.approx(resident_bytes, rel=0.1)


def test_work_of_this_process_shows_in_both_percentages(tmp_path: Path) -> None:
    clock = Clock()
    sampler = UsageSampler(tmp_path, clock)
    start_s = time.process_time()
    while time.process_time() - start_s < 0.3:
        pass
    clock.now_s += 1.0

    usage = sampler.sample()

    assert usage.process.cpu_percent == pytest.approx(30, abs=10)
    assert 0 < usage.host.cpu_percent <= 100
    assert usage.process.uptime_s == 1.0


def test_samples_within_a_second_are_the_same(tmp_path: Path) -> None:
    clock = Clock()
    sampler = UsageSampler(tmp_path, clock)
    first = sampler.sample()
    clock.now_s += 0.9
    assert sampler.sample() is first
    clock.now_s += 0.2
    assert sampler.sample() is not first


def test_a_sample_right_after_start_has_percentages_within_bounds(tmp_path: Path) -> None:
    usage = UsageSampler(tmp_path).sample()

    assert 0 <= usage.host.cpu_percent <= 100
    assert usage.process.cpu_percent >= 0


def test_a_data_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        UsageSampler(tmp_path / "gone").sample()
