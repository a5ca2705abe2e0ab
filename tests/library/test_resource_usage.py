import subprocess
import sys
import time

import pytest

from ha_ingestor_logging.resource_usage import ResourceUsage, resource_usage


def test_cpu_time_of_this_thread_is_counted() -> None:
    before = resource_usage()
    until_s = time.thread_time() + 0.02
    while time.thread_time() < until_s:
        pass
    assert before.until(resource_usage())["cpu_ms"] >= 20


def test_sleeping_takes_no_cpu() -> None:
    before = resource_usage()
    time.sleep(0.2)
    assert before.until(resource_usage())["cpu_ms"] < 100


TAKES_32_MIB = """
from ha_ingestor_logging.resource_usage import resource_usage
before = resource_usage()
taken = bytearray(b"x") * (32 * 2**20)
print(before.until(resource_usage())["memory_delta_bytes"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory in use")
def test_memory_that_was_taken_is_seen() -> None:
    # A process of its own: this one's threads may free as much at the same time.
    run = subprocess.run(
        [sys.executable, "-c", TAKES_32_MIB], capture_output=True, text=True, check=True, timeout=30
    )
    assert int(run.stdout) > 24 * 2**20


def test_where_memory_is_not_known_it_is_left_out() -> None:
    assert ResourceUsage(0.0, None).until(ResourceUsage(0.0015, None)) == {"cpu_ms": 1.5}
