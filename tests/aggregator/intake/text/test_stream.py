"""Lines of one origin that come bit by bit: one traceback is one record, and nothing waits for long."""

import json
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.text.stream import Lines, TextStream, Understood
from tests.aggregator.record.text.test_join import CHAINED, GO, JAVA, LOGGED, NODE, PYTHON

Row: TypeAlias = dict[str, Any]

HEAD = "2026-11-23 10:00:00.123 ERROR (MainThread) [homeassistant.core] Error doing job"


def stream(zone: str | None = None) -> TextStream:
    return TextStream(b'"service":"core"', ["service"], ZoneInfo(zone) if zone else None)


def rows_of(understood: Understood) -> list[Row]:
    rows = [json.loads(row) for row in understood.lines.splitlines()]
    assert len(rows) == understood.rows
    return rows


def due_s(of: TextStream) -> float | None:
    return of.due_s


def take(to: TextStream, text: str, now_s: float = 0.0, time_ns: int = 7) -> list[Row]:
    lines = text.encode().split(b"\n")
    return rows_of(to.take(Lines(lines, [time_ns] * len(lines)), now_s))


def test_a_line_that_nothing_can_follow_is_there_at_once() -> None:
    core = stream()
    assert take(core, "[10:00:00] INFO: hello") == [
        {"service": "core", "timestamp": 7, "local_time": "10:00:00", "level": "INFO", "message": "hello"}
    ]
    assert due_s(core) is None


@pytest.mark.parametrize(
    "text", [PYTHON, CHAINED, JAVA, NODE, GO], ids=["python", "chained", "java", "node", "go"]
)
def test_a_traceback_that_comes_line_by_line_is_one_record(text: str) -> None:
    core = stream()
    rows = [
        row for number, line in enumerate([HEAD, *text.splitlines()]) for row in take(core, line, 0, number)
    ]
    rows += take(core, "[10:00:00] INFO: hello")
    exceptions = [row for row in rows if "exception" in row]

    assert len(exceptions) == 1
    assert exceptions[0]["exception"].strip() == text.strip()
    assert exceptions[0]["timestamp"] == (1 if text is GO else 0)
    assert rows[-1]["message"] == "hello"
    assert len(rows) == (3 if text is GO else 2)


def test_what_is_held_is_given_back_when_its_time_is_over() -> None:
    core = stream()
    assert take(core, HEAD, 100.0) == []
    assert due_s(core) == 100.0 + limits.JOIN_TIME_S
    assert [row["message"] for row in rows_of(core.flush())] == ["Error doing job"]
    assert due_s(core) is None
    assert rows_of(core.flush()) == []


def test_what_comes_late_is_given_back_unjoined() -> None:
    core = stream()
    assert take(core, HEAD, 0.0) == []
    rows = take(core, "ERROR:root:another", limits.JOIN_TIME_S)
    assert [row["message"] for row in rows] == ["Error doing job"]
    assert [row["message"] for row in rows_of(core.flush())] == ["another"]
    assert take(core, PYTHON.strip(), 2 * limits.JOIN_TIME_S) == []
    assert take(core, "", 3 * limits.JOIN_TIME_S)[0]["exception_type"] == "ValueError"


def test_a_traceback_without_an_end_is_not_held_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JOINED_LINES", 20)
    core = stream()
    lines = ["Traceback (most recent call last):", *('  File "x.py", line 1' for _ in range(50))]
    rows = [row for line in lines for row in take(core, line)]
    rows += rows_of(core.flush())
    assert [row["message"] for row in rows] == lines


def test_lines_may_end_as_on_windows() -> None:
    assert [row["message"] for row in take(stream(), "INFO:root:a\r\nplain\r\n\r")] == ["a", "plain"]


def test_blank_lines_are_left_out() -> None:
    core = stream()
    assert [row["message"] for row in take(core, "a\n\n  \n\x1b[0m\nb")] == ["a", "b"]


def test_the_time_that_a_line_tells_with_its_zone_is_preferred() -> None:
    (row,) = take(stream(), '{"message":"x","time":"2026-11-23T10:00:00Z"}')
    assert "timestamp" not in row


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("2026-11-23 10:00:00.123 INFO (MainThread) [a.b] x", "2026-11-23 10:00:00.123+01:00"),
        ("2026-07-23 10:00:00,123 - a - INFO - x", "2026-07-23 10:00:00,123+02:00"),
    ],
)
def test_a_time_without_a_zone_has_the_one_that_is_known(line: str, time: str) -> None:
    (row,) = take(stream("Europe/Vienna"), line)
    assert row["time"] == time
    assert "local_time" not in row
    assert "timestamp" not in row


def test_what_is_told_of_each_line_comes_with_its_record_and_levels_are_for_lines_without_one() -> None:
    core = TextStream(b'"service":"core"', ["service", "uid"])
    texts = [b"plain", HEAD.encode(), *PYTHON.encode().splitlines(), b"INFO:root:x"]
    count = len(texts)
    lines = Lines(
        texts, range(count), [b'"uid":"%d"' % at for at in range(count)], [b'"PRIORITY":"3"'] * count
    )
    rows = rows_of(core.take(lines, 0.0))
    assert [(row["uid"], row.get("level"), row.get("PRIORITY")) for row in rows] == [
        ("0", None, "3"),
        (str(count - 2), "ERROR", None),
        (str(count - 1), "INFO", None),
    ]


def test_lines_that_are_held_are_counted() -> None:
    core = stream()
    take(core, f"plain\n{HEAD}\n{PYTHON.strip()}")
    assert core.held == 1 + len(PYTHON.splitlines())
    core.flush()
    assert core.held == 0


def test_a_clock_without_a_date_stays_a_field() -> None:
    (row,) = take(stream("Europe/Vienna"), "[10:00:00] INFO: x")
    assert (row["local_time"], row["timestamp"]) == ("10:00:00", 7)


def test_a_day_that_is_none_raises_nothing() -> None:
    (row,) = take(stream("Europe/Vienna"), "2026-13-99 99:00:00,123 - a - INFO - x")
    assert row["time"] == "2026-13-99 99:00:00,123"


pieces = st.sampled_from(
    [line for text in (PYTHON, CHAINED, JAVA, NODE, GO) for line in text.splitlines() if line.strip()]
    + [*LOGGED, "{}", "plain", "  indented", "an error"]
)


@given(st.lists(st.lists(pieces, max_size=6), max_size=8))
def test_however_lines_are_cut_none_is_lost_or_doubled(takes: list[list[str]]) -> None:
    core = stream()
    rows: list[Row] = []
    taken = 0
    for number, lines in enumerate(takes):
        texts = [line.encode() for line in lines]
        rows += rows_of(core.take(Lines(texts, [number] * len(lines)), number * 0.1))
        taken += len(lines)
        assert core.held <= taken
    rows += rows_of(core.flush())
    said = json.dumps(rows)
    assert sum(map(len, takes)) >= len(rows)
    for line in {line for lines in takes for line in lines}:
        assert json.dumps(line.removesuffix("\x1b[0m").split()[-1])[1:-1] in said
