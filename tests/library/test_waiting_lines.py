import os
import threading
import time
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import DEBUG, ERROR, INFO, LEVEL_NAMES
from ha_ingestor_logging.output import Line
from ha_ingestor_logging.waiting_lines import WaitingLines


def line(number: int, level: int = INFO, noise_bytes: int = 0) -> Line:
    noise = os.urandom(noise_bytes // 2).hex()
    return level, f'{{"level":"{LEVEL_NAMES[level]}","n":{number},"noise":"{noise}"}}\n'.encode()


def taken(waiting: WaitingLines) -> list[Line | FlushMarker]:
    waiting.seal()
    found: list[Line | FlushMarker] = []
    while items := waiting.take():
        for item in items:
            found += item.lines() if isinstance(item, Batch) else [item]
    return found


def test_lines_and_markers_come_out_in_their_order() -> None:
    waiting = WaitingLines(10**6, 10**5)
    lines = [line(number) for number in range(4)]
    marker = FlushMarker(1)
    waiting.put(lines[:2])
    waiting.put(lines[2:3])
    waiting.put_marker(marker)
    waiting.put(lines[3:])
    assert waiting
    assert taken(waiting) == [*lines[:3], marker, lines[3]]
    assert not waiting
    assert waiting.size_bytes == 0


def test_lines_that_make_no_full_batch_wait_for_others_until_sealed() -> None:
    waiting = WaitingLines(10**6, 10**5)
    waiting.put([line(0)])
    assert waiting.take() == []
    waiting.put([line(1)])
    waiting.seal()
    (batch,) = waiting.take()
    assert isinstance(batch, Batch)
    assert batch.records == 2


def test_several_are_taken_up_to_a_size() -> None:
    waiting = WaitingLines(10**6, 3000)
    waiting.put([line(number, noise_bytes=2000) for number in range(10)])
    waiting.seal()
    assert 3 <= len(waiting.take(6000)) <= 4
    rest = waiting.take(10**6)
    assert len(rest) >= 6
    waiting.put_back(rest)
    assert waiting.take(10**6) == rest


def test_compressed_lines_take_less_of_the_room() -> None:
    waiting = WaitingLines(100_000, 10_000)
    for number in range(3000):
        waiting.put([line(number)])
    assert waiting.refused == {}
    assert len(taken(waiting)) == 3000


def test_the_least_severe_is_refused_first_and_counted() -> None:
    waiting = WaitingLines(100_000, 10_000)
    for level in (DEBUG, INFO, ERROR):
        waiting.put([line(number, level, 2000) for number in range(100)])
        assert waiting.size_bytes <= 100_000
    assert waiting.fill > 0.9
    kept = Counter(item[0] for item in taken(waiting) if isinstance(item, tuple))
    assert {level: kept[level] + count for level, count in waiting.refused.items()} == {
        DEBUG: 100,
        INFO: 100,
        ERROR: 100,
    }
    assert kept[DEBUG] > kept[INFO] > 0


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(list(LEVEL_NAMES)), st.integers(0, 300)), max_size=8), max_size=20
    ),
    st.integers(1, 2000),
)
def test_every_line_is_kept_in_its_order_or_counted(puts: list[list[tuple[int, int]]], batch: int) -> None:
    waiting = WaitingLines(8_000, batch)
    numbered = iter(range(10**6))
    put = [[line(next(numbered), level, noise) for level, noise in lines] for lines in puts]
    for lines in put:
        waiting.put(lines)
        assert waiting.size_bytes <= 8_000 + 2_000  # the last batch may be larger than what it is made of
    kept = taken(waiting)
    every = [one for lines in put for one in lines]
    assert kept == [one for one in every if one in kept]
    assert len(kept) + sum(waiting.refused.values()) == len(every)


def test_waiting_ends_when_something_comes_or_when_woken() -> None:
    for action in (lambda waiting: waiting.put([line(0)]), WaitingLines.wake):
        waiting = WaitingLines(10**6, 10**5)
        timer = threading.Timer(0.05, action, (waiting,))
        timer.start()
        started_s = time.monotonic()
        waiting.wait(10)
        assert time.monotonic() - started_s < 5
        timer.join()
