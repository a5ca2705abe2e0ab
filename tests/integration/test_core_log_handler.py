"""The handler by itself: what it takes, what it leaves out, and that it costs who logs next to nothing."""

import logging
import statistics
import threading
import time

import pytest

from custom_components.ha_ingestor import core_log_handler
from custom_components.ha_ingestor.core_log_handler import OWN_LOGGERS, Batch, CoreLogHandler, unrecorded
from tests.integration.core_log import handler, logger

__all__ = ["handler", "logger"]


def messages(handler: CoreLogHandler) -> list[str]:
    return [taken.message for taken in handler.take()[0]]


def test_arguments_are_put_in_at_once(logger: logging.Logger, handler: CoreLogHandler) -> None:
    rooms = ["kitchen"]
    logger.info("rooms: %s", rooms)
    rooms.append("cellar")
    assert messages(handler) == ["rooms: ['kitchen']"]


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_who_logs_nonsense_gets_no_error(logger: logging.Logger, handler: CoreLogHandler) -> None:
    logger.info("too few: %s %s", 1)  # noqa: PLE1206 - as some integrations do
    logger.info("%s", Broken())
    logger.info(Broken())
    assert messages(handler) == [
        "too few: %s %s (its text can't be made: TypeError)",
        "%s (its text can't be made: RuntimeError)",
        "Broken (its text can't be made: RuntimeError)",
    ]


def test_an_argument_that_logs_itself_is_taken_first(logger: logging.Logger, handler: CoreLogHandler) -> None:
    class Talkative:
        def __str__(self) -> str:
            logger.info("inner")
            return "outer"

    logger.info("%s", Talkative())
    assert messages(handler) == ["inner", "outer"]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        (OWN_LOGGERS, False),
        (f"{OWN_LOGGERS}.client", False),
        (f"{OWN_LOGGERS}_of_others", True),
        ("custom_components", True),
        ("root", True),
    ],
)
def test_the_integrations_own_records_are_left_out(name: str, taken: bool) -> None:
    handler = CoreLogHandler()
    handler.handle(logging.LogRecord(name, logging.ERROR, __file__, 1, "something", (), None))
    assert handler.holds_records is taken


def test_what_is_logged_by_the_sending_is_left_out(logger: logging.Logger, handler: CoreLogHandler) -> None:
    with unrecorded():
        logger.error("within")
    logger.error("after")
    assert messages(handler) == ["after"]


def test_from_half_of_the_room_on_the_less_severe_is_dropped_and_then_all(
    logger: logging.Logger, handler: CoreLogHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_log_handler, "MAX_HELD_BYTES", 20_000)
    for number in range(30):
        logger.info("i%d", number)
    for number in range(30):
        logger.warning("w%d", number)
    taken, dropped = handler.take()
    levels = [one.record.levelname for one in taken]
    assert levels == ["INFO"] * 9 + ["WARNING"] * 10
    assert dropped == handler.dropped == {"full": 41}


def test_a_gap_is_told_only_when_there_is_room_again(
    logger: logging.Logger, handler: CoreLogHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_log_handler, "MAX_HELD_BYTES", 10_000)
    batch = Batch(b"x" * 9_500, 7)
    handler.add_batch(batch)
    logger.error("too much")
    assert handler.take() == ([], {})
    handler.remove_batch(batch, refused="invalid_json")
    assert handler.take() == ([], {"full": 1, "invalid_json": 7})
    assert handler.take() == ([], {})
    assert handler.held_bytes == 0
    assert handler.dropped == {"full": 1, "invalid_json": 7}


def test_many_threads_lose_nothing(logger: logging.Logger, handler: CoreLogHandler) -> None:
    def log() -> None:
        for number in range(1000):
            logger.warning("%d", number)

    threads = [threading.Thread(target=log) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken, dropped = handler.take()
    assert len({one.number for one in taken}) == len(taken) == 8000
    assert not dropped


@pytest.mark.parametrize("full", [False, True])
def test_a_record_costs_who_logs_it_microseconds(
    handler: CoreLogHandler,
    full: bool,
) -> None:
    if full:
        handler.add_batch(Batch(bytes(core_log_handler.MAX_HELD_BYTES), 1))
    record = logging.LogRecord("a.b", logging.ERROR, __file__, 1, "%s is %d", ("kitchen", 21), None)
    took_s = []
    for _ in range(5000):
        begin = time.perf_counter()
        handler.handle(record)
        took_s.append(time.perf_counter() - begin)
    # The median: other programs of a busy machine may interrupt any of them.
    assert statistics.median(took_s) < 50e-6
