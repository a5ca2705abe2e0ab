import sys
import threading

import pytest

from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.entry import Emitter, Entry, EntryQueue, ExceptionInfo, resolve_exception
from ha_ingestor_logging.levels import INFO


def emitted(queue: EntryQueue) -> list[Entry]:
    return [item for _, item in queue.take() if isinstance(item, tuple)]


def test_an_entry_holds_what_its_rendering_needs() -> None:
    queue: EntryQueue = BoundedQueue(10, 10_000)
    Emitter("name", queue, 20).emit(30, {"bound": 1}, "event", ("arg",), {"field": 2})
    ((at_ns, level, name, _, bound, event, args, fields),) = emitted(queue)
    assert at_ns > 1_700_000_000 * 10**9
    assert (level, name, bound, event, args, fields) == (
        30,
        "name",
        {"bound": 1},
        "event",
        ("arg",),
        {"field": 2},
    )


def test_large_values_count_towards_the_bound() -> None:
    queue: EntryQueue = BoundedQueue(1000, 10_000)
    emitter = Emitter("name", queue, 20)
    emitter.emit(40, {}, "x" * 20_000, (), {})
    emitter.emit(40, {}, "event", ("x" * 20_000,), {})
    large: list[object] = ["x" * 20_000, b"x" * 20_000, [1] * 1_000, dict.fromkeys(range(1_000))]
    for value in large:
        emitter.emit(40, {}, "event", (), {"field": value})
    assert queue.refused == {40: 6}
    emitter.emit(40, {}, "x" * 5_000, (), {"field": 1})
    assert 5_000 < queue.size_bytes < 7_000


def test_the_exception_being_handled_is_found_in_the_callers_thread() -> None:
    queue: EntryQueue = BoundedQueue(10, 10_000)
    error = ValueError("bad")
    try:
        raise error
    except ValueError:
        Emitter("name", queue, 20).emit(40, {}, "event", (), {"exc_info": True})
    (entry,) = emitted(queue)
    assert entry[7]["exc_info"] == (ValueError, error, error.__traceback__)


def test_a_text_in_place_of_an_exception_is_kept() -> None:
    queue: EntryQueue = BoundedQueue(10, 10_000)
    Emitter("name", queue, 20).emit(40, {}, "event", (), {"exc_info": "nonsense"})
    (entry,) = emitted(queue)
    assert entry[7] == {"exc_info": None, "exc_info_": "nonsense"}


@pytest.mark.parametrize("exc_info", [False, None, True, (None, None, None), "text", ()])
def test_without_an_exception_there_is_none(exc_info: object) -> None:
    assert sys.exc_info() == (None, None, None)
    assert resolve_exception(exc_info) is None


def test_an_exception_or_a_tuple_may_be_given() -> None:
    error = ValueError("bad")
    expected: ExceptionInfo = (ValueError, error, None)
    assert resolve_exception(error) == expected
    assert resolve_exception(expected) == expected


@pytest.mark.parametrize(
    "value",
    [
        ["x" * 100_000] * 30,
        dict.fromkeys(range(30), "x" * 100_000),
        [{"text": "x" * 100_000}] * 30,
        ([b"x" * 100_000] * 10,) * 3,
        {"rows": ["x" * 1000] * 3000},
        [1] * 30_000,
    ],
)
def test_what_large_values_hold_inside_counts_too(value: object) -> None:
    queue: EntryQueue = BoundedQueue(1000, 10**9)
    Emitter("name", queue, INFO).emit(INFO, {}, "event", (), {"value": value})
    assert 3_000_000 < queue.size_bytes < 15_000_000


def test_a_value_that_another_thread_changes_is_queued() -> None:
    stop = threading.Event()
    changing: dict[int, int] = {}

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            changing[number] = number
            changing.pop(number - 20, None)

    thread = threading.Thread(target=change, daemon=True)
    thread.start()
    queue: EntryQueue = BoundedQueue(100_000, 10**9)
    emitter = Emitter("name", queue, INFO)
    for _ in range(20_000):
        emitter.emit(INFO, {}, "event", (), {"value": changing})
    stop.set()
    thread.join()
    assert len(queue) == 20_000


def test_callers_render_their_own_lines_while_the_writer_does_not_keep_up() -> None:
    queue: EntryQueue = BoundedQueue(100, 10**6)
    rendered: list[Entry] = []

    def render(entry: Entry) -> bytes | None:
        rendered.append(entry)
        return b"line\n" if "plain" in entry[7] else None

    emitter = Emitter("name", queue, INFO, render)
    for _ in range(30):
        emitter.emit(INFO, {}, "event", (), {"plain": 1})
    emitter.emit(INFO, {}, "event", (), {"other": 1})
    assert queue.is_crowded
    items = [item for _, item in queue.take()]
    assert [type(item) for item in items] == [tuple] * 26 + [bytes] * 4 + [tuple]
    assert len(rendered) == 5
    emitter.emit(INFO, {}, "event", (), {"plain": 1})
    assert len(emitted(queue)) == 1
