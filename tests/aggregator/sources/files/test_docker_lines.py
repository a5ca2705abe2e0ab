"""Lines of Docker's json-file driver, alone."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.text.stream import Understood
from aggregator.sources.files.docker_lines import DockerLines


def written(log: str, stream: str = "stdout", time: str = "2026-11-23T10:00:00.123456789Z") -> bytes:
    return json.dumps({"log": log, "stream": stream, "time": time}).encode()


def rows_of(understood: Understood) -> list[dict[str, Any]]:
    rows = [json.loads(row) for row in understood.lines.splitlines()]
    assert len(rows) == understood.rows
    return rows


def take(to: DockerLines, *texts: bytes, now_s: float = 0.0) -> list[dict[str, Any]]:
    return rows_of(to.take(texts, [b"%d" % number for number in range(len(texts))], 7, now_s))


def container() -> DockerLines:
    return DockerLines(b'"service":"web"', ["service"])


def test_a_line_is_understood_with_its_time_and_output() -> None:
    assert take(container(), written("INFO:root:hello\n", "stderr")) == [
        {
            "service": "web",
            "stream": "stderr",
            "uid": "0",
            "timestamp": 1795428000123456789,
            "level": "INFO",
            "logger": "root",
            "message": "hello",
        }
    ]


def test_parts_become_one_line_also_between_those_of_another_output() -> None:
    web = container()
    assert take(web, written("one ", time="2026-11-23T10:00:00Z"), written("err", "stderr")) == []
    assert web.held == 2
    assert web.due_s == limits.JOIN_TIME_S
    rows = take(web, written("two "), written("or\n", "stderr"), written("three\n"))
    assert [(row["message"], row["stream"]) for row in rows] == [
        ("error", "stderr"),
        ("one two three", "stdout"),
    ]
    assert rows[1]["timestamp"] == 1795428000 * 10**9
    assert web.held == 0


def test_parts_that_get_no_end_are_given_back_when_they_are_asked_for() -> None:
    web = container()
    assert take(web, written("name? ")) == []
    assert [row["message"] for row in rows_of(web.flush())] == ["name? "]
    assert (web.held, web.due_s) == (0, None)


def test_very_many_parts_are_cut_with_a_mark() -> None:
    web = container()
    parts = [written("x" * 16384)] * 100
    (row,) = take(web, *parts, written("end\n"))
    assert row["message"].endswith("x... (the rest of the line is left out)")
    assert len(row["message"]) < limits.LINE_BYTES


def test_what_is_no_json_is_taken_as_text_and_counted() -> None:
    web = container()
    rows = take(
        web,
        written("a\n"),
        b"no json",
        b"",
        b"\0\0\0" + written("b\n"),
        b'{"log":1}',
        written("c\n", time="x"),
    )
    assert [row.get("message") for row in rows] == ["a", "no json", "b", None, "c"]
    assert rows[-1]["timestamp"] == 7
    assert web.invalid == 2


@given(st.lists(st.binary(max_size=80).filter(lambda text: b"\n" not in text), max_size=8))
def test_anything_is_taken(texts: list[bytes]) -> None:
    web = container()
    rows_of(web.take(texts, [b"0"] * len(texts), 1, 0.0))
    rows_of(web.flush())
    assert web.held == 0
