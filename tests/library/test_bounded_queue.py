import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.levels import CRITICAL, DEBUG, ERROR, INFO, LEVEL_NAMES, WARNING


def test_items_come_out_in_the_order_they_went_in() -> None:
    queue: BoundedQueue[str] = BoundedQueue(10, 1000)
    queue.put("a", INFO, 1)
    queue.put("b", ERROR, 1)
    assert queue.take() == [(INFO, "a"), (ERROR, "b")]
    assert queue.take() == []


def test_a_full_queue_refuses_by_count_and_counts_by_level() -> None:
    queue: BoundedQueue[int] = BoundedQueue(10, 10**6)
    taken = [queue.put(number, ERROR, 1) for number in range(13)]
    assert taken == [True] * 10 + [False] * 3
    assert queue.refused == {ERROR: 3}


def test_a_full_queue_refuses_by_size() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1000, 100)
    assert queue.put(1, CRITICAL, 60)
    assert not queue.put(2, CRITICAL, 60)
    assert queue.put(3, CRITICAL, 40)
    assert queue.size_bytes == 100


def test_the_least_severe_is_refused_first() -> None:
    queue: BoundedQueue[int] = BoundedQueue(100, 10**6)
    taken = {
        level: sum(queue.put(number, level, 1) for number in range(100))
        for level in (DEBUG, INFO, WARNING, ERROR)
    }
    assert taken == {DEBUG: 60, INFO: 20, WARNING: 10, ERROR: 10}


def test_there_is_room_again_after_taking() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2, 100)
    queue.put(1, ERROR, 50)
    queue.put(2, ERROR, 50)
    room = [queue.has_room]
    queue.take()
    assert [*room, queue.has_room] == [False, True]
    assert queue.put(3, ERROR, 100)


def test_taking_stops_before_the_size_is_passed() -> None:
    queue: BoundedQueue[int] = BoundedQueue(100, 1000)
    for number in range(5):
        queue.put(number, INFO, 40)
    assert [item for _, item in queue.take(100)] == [0, 1]
    assert [item for _, item in queue.take(1)] == [2]
    assert queue.size_bytes == 80


@given(
    st.lists(st.tuples(st.sampled_from(list(LEVEL_NAMES)), st.integers(0, 50)), max_size=80),
    st.integers(1, 90),
)
def test_what_is_put_is_taken_or_counted_and_never_passes_the_bounds(
    puts: list[tuple[int, int]], take: int
) -> None:
    queue: BoundedQueue[int] = BoundedQueue(20, 300)
    taken: list[int] = []
    for number, (level, size_bytes) in enumerate(puts):
        queue.put(number, level, size_bytes)
        assert len(queue) <= 20
        assert queue.size_bytes <= 300
        if number % 7 == 6:
            taken += [item for _, item in queue.take(take)]
    taken += [item for _, item in queue.take()]
    assert taken == sorted(taken)
    assert len(taken) + sum(queue.refused.values()) == len(puts)
    assert queue.size_bytes == 0


def test_waiting_ends_when_an_item_is_put_by_another_thread() -> None:
    queue: BoundedQueue[int] = BoundedQueue(10, 100)
    timer = threading.Timer(0.05, queue.put, (1, INFO, 1))
    timer.start()
    started = time.monotonic()
    queue.wait(10)
    assert time.monotonic() - started < 5
    assert len(queue) == 1
    timer.join()


def test_waiting_ends_at_the_timeout() -> None:
    queue: BoundedQueue[int] = BoundedQueue(10, 100)
    queue.wait(0.01)
    assert queue.waiting is False


def test_no_wakeup_is_lost_between_threads() -> None:
    queue: BoundedQueue[int] = BoundedQueue(10**6, 10**9)
    producers = [
        threading.Thread(target=lambda: [queue.put(number, INFO, 1) for number in range(5000)])
        for _ in range(4)
    ]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for producer in producers:
            producer.start()
        received = 0
        deadline = time.monotonic() + 30
        while received < 20_000 and time.monotonic() < deadline:
            queue.wait(5)
            received += len(queue.take())
    finally:
        sys.setswitchinterval(interval)
        for producer in producers:
            producer.join()
    assert received == 20_000


@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="counts are approximate without a GIL"
)
def test_refusals_by_many_threads_are_counted_exactly() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1, 100)
    queue.put(0, ERROR, 1)
    threads = [
        threading.Thread(target=lambda: [queue.put(number, ERROR, 1) for number in range(3000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queue.refused == {ERROR: 12_000}


def test_markers_pass_a_full_queue() -> None:
    queue: BoundedQueue[str] = BoundedQueue(1, 1)
    queue.put("item", ERROR, 1)
    queue.put_always("marker", CRITICAL)
    assert [item for _, item in queue.take()] == ["item", "marker"]


def test_it_is_crowded_while_the_consumer_does_not_keep_up() -> None:
    for size_bytes in (1, 100):
        queue: BoundedQueue[int] = BoundedQueue(40, 4000 if size_bytes > 1 else 10**6)
        crowded = []
        for number in range(12):
            queue.put(number, INFO, size_bytes)
            crowded.append(queue.is_crowded)
        assert crowded == [False] * 10 + [True] * 2
        queue.take(size_bytes)
        assert queue.is_crowded
        queue.take()
        assert not queue.is_crowded
