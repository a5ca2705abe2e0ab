import json

from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.levels import DEBUG, ERROR, INFO, LEVEL_NAMES
from ha_ingestor_logging.output import Line


def line(level: int, text: str) -> Line:
    return level, json.dumps({"level": LEVEL_NAMES[level], "message": text}).encode() + b"\n"


LINES = st.lists(st.builds(line, st.sampled_from(list(LEVEL_NAMES)), st.text(max_size=20)), min_size=2)


@given(LINES)
def test_a_batch_gives_its_lines_back_with_their_levels(lines: list[Line]) -> None:
    batch = Batch.of(lines)
    assert batch.lines() == lines
    assert batch.records == len(lines)


@given(LINES)
def test_its_halves_hold_the_same_lines_in_order(lines: list[Line]) -> None:
    first, second = Batch.of(lines).halves()
    assert first.lines() + second.lines() == lines
    assert abs(first.records - second.records) <= 1


def test_lines_are_counted_by_level() -> None:
    lines = [line(DEBUG, "a"), line(ERROR, "b"), line(DEBUG, "c"), line(INFO, "\r\x0b\u2028")]
    assert Batch.of(lines).records_by_level == {DEBUG: 2, ERROR: 1, INFO: 1}
    assert Batch.of(lines).lines()[3] == lines[3]
