"""What is understood of lines of text; what is unclear stays as it is."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.record.fields import ALIASES, LEVEL_SPELLINGS
from aggregator.record.text.lines import as_text
from aggregator.record.text.structured import _Object
from aggregator.record.text.understand import understand
from tests.aggregator.record.text.samples import UNCLEAR, UNDERSTOOD

SAMPLE_LINES = [line for line, _ in UNDERSTOOD]
HOSTILE = [
    b"[",
    b"(",
    b"((",
    b"a=",
    b"a=1 ",
    b'a="',
    b'a="\\',
    b'"',
    b"\\",
    b'\\\\"',
    b" ",
    b"\t",
    b"\x1b[0;",
    b"\x1b[0m",
    b"2026-11-23 10:00:00 ",
    b"2026-11-23 10:00:00 - a ",
    b"[2026-11-23 10:00:00] a ",
    b"[10:00:00]",
    b"2026-11-23 10:00:00.123 ERROR (",
    b"2026-11-23 10:00:00.123 ERROR ((a)",
    b":",
    b"a:",
    b"a.",
    b"a::",
    b"9",
    b"{",
    b'{"a":',
    b"\xff",
    b"\x00",
]

EXAMPLES = [
    example.replace("\\|", "|")
    for row in (Path(__file__).parents[4] / "docs" / "text.md").read_text().splitlines()
    if row.startswith("| ") and "`" in row
    for example in re.findall(r"`([^`]+)`", row.partition(" | ")[2])
]
SAID_OTHERWISE = {*"C VV in Nov Dec Feb Mon UTC pid on DEBU ERRO E1123 F DEBG".split()}  # noqa: SIM905


def rows_of(*lines: bytes) -> list[dict[str, object]]:
    text = as_text(lines)
    rows = understand(text)
    assert rows.count(b"\n") == text.count(b"\n")
    return [json.loads(row) for row in rows.splitlines()]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(r"\x1b\[[0-9;]*m", " ", text))


@pytest.mark.parametrize(("line", "fields"), UNDERSTOOD, ids=SAMPLE_LINES)
def test_what_a_line_says_is_understood(line: str, fields: dict[str, object]) -> None:
    assert rows_of(line.encode()) == [fields]


@pytest.mark.parametrize("line", UNCLEAR)
def test_a_line_that_is_unclear_is_its_message_and_has_no_level(line: str) -> None:
    assert rows_of(line.encode()) == [{"message": line}]


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_for_users_are_understood(line: str) -> None:
    (row,) = rows_of(line.encode())
    assert row.keys() - {"message"}, line
    assert "message" in json.dumps(row) or row["method"] == "GET"


def test_lines_stay_in_their_order_whatever_they_are() -> None:
    lines = [*SAMPLE_LINES, *UNCLEAR, *reversed(SAMPLE_LINES)]
    alone = [understand(line.encode() + b"\n") for line in lines]
    assert understand("".join(line + "\n" for line in lines).encode()) == b"".join(alone)


@pytest.mark.parametrize(("line", "fields"), UNDERSTOOD, ids=SAMPLE_LINES)
def test_every_level_that_is_understood_has_a_known_spelling(line: str, fields: dict[str, object]) -> None:
    level = next((fields[name] for name in ("level", *ALIASES["level"]) if name in fields), None)
    assert level is None or str(level).upper() in LEVEL_SPELLINGS, line


def test_what_is_not_utf_8_is_replaced() -> None:
    assert rows_of(b"INFO:root:\xff") == [{"level": "INFO", "logger": "root", "message": "\ufffd"}]


def test_a_line_that_has_newlines_in_it_stays_one_record() -> None:
    assert rows_of(b"INFO:root:two\nlines", b'{"a":\n1,"msg":"x"}', b"plain\n") == [
        {"level": "INFO", "logger": "root", "message": "two\nlines"},
        {"a": 1, "msg": "x"},
        {"message": "plain\n"},
    ]


def test_no_text_is_no_line() -> None:
    assert understand(b"") == b""


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")),
            st.sampled_from([line.encode() for line in (*SAMPLE_LINES, *UNCLEAR)]),
            st.builds(
                lambda line, at, piece: line[:at].encode() + piece.replace(b"\n", b"") + line[at:].encode(),
                st.sampled_from(SAMPLE_LINES),
                st.integers(0, 80),
                st.binary(max_size=4),
            ),
            st.builds(
                lambda line, cut: line[:cut].encode(), st.sampled_from(SAMPLE_LINES), st.integers(0, 80)
            ),
        ),
        max_size=8,
    )
)
def test_every_line_is_one_object_and_keeps_its_words(lines: list[bytes]) -> None:
    rows = rows_of(*lines)

    assert len(rows) == len(lines)
    for line, row in zip(lines, rows, strict=True):
        said = json.dumps(row, ensure_ascii=False)
        if not line.startswith(b"{"):
            for word in {*words(line.decode("utf-8", "replace"))} - SAID_OTHERWISE:
                assert json.dumps(word, ensure_ascii=False)[1:-1] in said, (line, row)


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_that_a_line_takes_grows_with_its_length_only(piece: bytes) -> None:
    line = piece * (200_000 // len(piece))
    # At a tenth of a second a line of this length is read with care; squared growth would take minutes.
    started = time.process_time()
    (row,) = rows_of(line)
    assert row
    assert time.process_time() - started < 2


def test_json_lines_have_a_message_under_each_name_of_the_record() -> None:
    for name in ("message", *ALIASES["message"]):
        assert rows_of(json.dumps({name: "x"}).encode()) == [{name: "x"}]
    assert len(_Object.__struct_fields__) == 1 + len(ALIASES["message"])


def test_samples_say_something_else_each() -> None:
    assert len(set(SAMPLE_LINES)) == len(SAMPLE_LINES)
