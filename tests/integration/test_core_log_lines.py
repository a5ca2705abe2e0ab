"""Records as lines of JSON."""

import gzip
import logging
from typing import Any

import orjson
import pytest

from custom_components.ha_ingestor import core_log_lines
from custom_components.ha_ingestor.core_log_handler import OWN_LOGGERS, CoreLogHandler
from custom_components.ha_ingestor.core_log_lines import MAX_TEXT_CHARACTERS, render
from tests.integration.core_log import handler, logger

TOKEN = "the-token"
MAX_LINE_BYTES = 1024 * 1024


__all__ = ["handler", "logger"]


def raw_lines(handler: CoreLogHandler) -> list[bytes]:
    render(handler, TOKEN)
    return [line for batch in handler.batches for line in gzip.decompress(batch.body).splitlines()]


def lines(handler: CoreLogHandler) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in raw_lines(handler)]


def test_the_time_is_that_of_the_record_in_nanoseconds(
    logger: logging.Logger, handler: CoreLogHandler
) -> None:
    record = logger.makeRecord("a", logging.INFO, __file__, 1, "b", (), None)
    record.created = 1_700_000_000.123456
    handler.handle(record)
    [line] = lines(handler)
    assert line["timestamp"] == 1_700_000_000_123_456_000


def test_text_that_is_no_unicode_is_kept(logger: logging.Logger, handler: CoreLogHandler) -> None:
    logger.error("half \ud800 a character")
    logger.error("sound")
    assert [line["message"] for line in lines(handler)] == ["half \\ud800 a character", "sound"]


def test_the_longest_line_is_one_that_the_aggregator_takes_whole(
    logger: logging.Logger, handler: CoreLogHandler
) -> None:
    try:
        raise ValueError("\x01" * 10_000_000)  # noqa: TRY301
    except ValueError:
        logger.exception("\x01" * 10_000_000, stack_info=True)
    [line] = raw_lines(handler)
    assert len(line) < MAX_LINE_BYTES


def test_a_long_text_keeps_start_and_end(logger: logging.Logger, handler: CoreLogHandler) -> None:
    logger.error("start %s end", "word " * 100_000)
    [line] = lines(handler)
    assert line["message"].startswith("start word ")
    assert line["message"].endswith("word  end")
    assert "characters left out" in line["message"]
    assert len(line["message"]) < MAX_TEXT_CHARACTERS + 100


def test_no_half_of_a_secret_is_left_where_a_text_is_cut(
    logger: logging.Logger, handler: CoreLogHandler
) -> None:
    for shift in range(0, 40, 3):
        logger.error(
            "%s password=%s %s", "a " * (MAX_TEXT_CHARACTERS // 4 - shift), "s3cr3t" * 4, "b " * 90_000
        )
        logger.error(
            "%s password=%s %s", "a " * 90_000, "s3cr3t" * 4, "b " * (MAX_TEXT_CHARACTERS // 4 - shift)
        )
    assert not [line for line in lines(handler) if "3cr3" in line["message"]]


class BrokenError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_exception_that_breaks_its_own_text_is_told_of(
    logger: logging.Logger, handler: CoreLogHandler
) -> None:
    try:
        raise BrokenError  # noqa: TRY301
    except BrokenError:
        logger.exception("failed")
    [line] = lines(handler)
    assert line["exception_type"] == f"{__name__}.BrokenError"
    assert line["exception_message"] == "its text can't be made: RuntimeError"
    assert "BrokenError" in line["exception"]


def test_a_record_made_by_hand_holds_up_no_other(logger: logging.Logger, handler: CoreLogHandler) -> None:
    strange = {
        "msg": "strange",
        "exc_info": True,
        "pathname": object(),
        "levelno": 20,
        "name": "a",
        "created": 1.5,
    }
    handler.handle(logging.makeLogRecord(strange))
    logger.error("sound")
    assert [line["message"] for line in lines(handler)] == ["strange", "sound"]


def test_causes_stand_in_the_traceback(logger: logging.Logger, handler: CoreLogHandler) -> None:
    try:
        try:
            raise KeyError("inner")  # noqa: TRY301
        except KeyError as err:
            raise ValueError("outer") from err
    except ValueError:
        logger.exception("failed")
    [line] = lines(handler)
    assert "KeyError: 'inner'" in line["exception"]
    assert line["exception_type"] == "ValueError"


def test_batches_are_small_enough_for_a_request(
    logger: logging.Logger, handler: CoreLogHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_log_lines, "_BATCH_BYTES", 10_000)
    for number in range(100):
        logger.error("%d %s", number, "x" * 500)
    render(handler, TOKEN)
    sizes = [len(gzip.decompress(batch.body)) for batch in handler.batches]
    assert len(sizes) > 5
    assert max(sizes) <= 10_000
    assert sum(batch.lines for batch in handler.batches) == 100
    assert handler.held_bytes == sum(len(batch.body) for batch in handler.batches)


def test_what_is_missing_is_told_behind_what_is_there(
    logger: logging.Logger, handler: CoreLogHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.ha_ingestor.core_log_handler.MAX_UNRENDERED", 2)
    for _ in range(5):
        logger.error("something")
    *there, gap = lines(handler)
    assert len(there) == 2
    assert gap["logger"] == OWN_LOGGERS
    assert gap["dropped"] == 3
    assert gap["message"] == "3 lines of Home Assistant's log are missing before this one (3 full)"
    handler.batches.clear()
    assert lines(handler) == []
