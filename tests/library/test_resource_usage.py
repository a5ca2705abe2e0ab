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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory in use")
def test_memory_that_was_taken_is_seen() -> None:
    before = resource_usage()
    taken = bytearray(b"x") * (32 * 2**20)
    assert before.until(resource_usage())["memory_delta_bytes"] > 16 * 2**20
    assert taken


def test_where_memory_is_not_known_it_is_left_out() -> None:
    assert ResourceUsage(0.0, None).until(ResourceUsage(0.0015, None)) == {"cpu_ms": 1.5}
