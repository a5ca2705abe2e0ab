import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ha_ingestor_logging.text_format import text_line
from tests.library.conftest import ROOT, RunScript

RECORD = {
    "timestamp": "2026-11-25T09:46:40.123456789Z",
    "level": "WARNING",
    "service": "s",
    "host": "h",
    "logger": "reader",
    "message": "slow",
    "uid": "u-1",
}
PROGRAM = (
    "from ha_ingestor_logging import configure, get_logger; configure(); get_logger('x').info('seen', n=1)"
)


def shown(coloured: bool = False, **fields: Any) -> str:
    return text_line(json.dumps({**RECORD, **fields}).encode(), coloured=coloured).decode()


def test_a_line_has_time_level_logger_message_and_fields() -> None:
    line = shown(n=1, name="a b", empty="", nested={"a": [1]}, correlation_id="c-1")
    assert line == (
        "2026-11-25 09:46:40.123Z WARNING  reader slow "
        'n=1 name="a b" empty="" nested={"a":[1]} correlation_id=c-1\n'
    )


def test_the_stack_stands_below_the_line() -> None:
    assert shown(stack="Stack:\n  here").endswith(" slow\n    Stack:\n      here\n")


def test_colours_only_add_to_the_text() -> None:
    coloured = shown(coloured=True, n=1)
    assert "\x1b[33mWARNING" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == shown(n=1)


def test_a_traceback_stands_indented_below() -> None:
    line = shown(exception="Traceback\n  File x\nValueError: bad", exception_type="ValueError")
    assert line.splitlines()[1:] == ["    Traceback", "      File x", "    ValueError: bad"]


@pytest.mark.parametrize("field", ["message", "exception", "logger", "value"])
def test_nothing_that_is_logged_can_forge_or_colour_a_line(field: str) -> None:
    forged = "x\n2026-11-25 09:46:40.123Z ERROR forged\r\x1b[31mred\x1b]0;title\x07\x9b31m\u202egnp"
    fields: dict[str, Any] = {field: forged}
    line = shown(**fields)
    assert sum(part.startswith("2026") for part in re.split("[\n\r]", line)) == 1
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", line)
    assert "\\x1b[31mred" in line.replace("\\\\", "\\") or "\\u001b[31mred" in line


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.recursive(st.text() | st.integers(-(2**60), 2**60), st.lists)))
def test_any_record_can_be_shown(fields: dict[str, Any]) -> None:
    record = {**{name: value for name, value in fields.items() if name not in RECORD}, **RECORD}
    line = text_line(json.dumps(record, ensure_ascii=True).encode(), coloured=True).decode()
    assert line.endswith("\n")
    assert "slow" in line


def test_a_pipe_gets_json_unless_text_is_asked_for(run_script: RunScript) -> None:
    assert json.loads(run_script(PROGRAM).stdout)["message"] == "seen"
    line = run_script(PROGRAM, HA_INGESTOR_LOG_FORMAT="text").stdout
    assert line.endswith(" INFO     x seen n=1\n")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "\x1b[32mINFO    \x1b[0m"),
        ({"NO_COLOR": "1"}, " INFO     x seen"),
        ({"HA_INGESTOR_LOG_FORMAT": "json"}, '"message":"seen"'),
    ],
)
def test_a_terminal_gets_text_with_colours(
    tmp_path: Path, environment: dict[str, str], expected: str
) -> None:
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HA_INGESTOR_")}
    try:
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": str(ROOT), **environment},
            stdout=theirs,
            timeout=60,
            check=True,
        )
        assert expected in os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
