"""Lines of one traceback become one record with the fields of an exception; other lines stay alone."""

import json
import time
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.text.entries import Entries, lines_of
from aggregator.record.text.join import JOINED, join

Row: TypeAlias = dict[str, Any]

PYTHON = """Traceback (most recent call last):
  File "/usr/src/app.py", line 3, in run
    connect("x")
    ~~~~~~~^^^^^
ValueError: could not "connect"
"""
CHAINED = f"""{PYTHON}
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/src/app.py", line 9, in <module>
    run()
homeassistant.exceptions.HomeAssistantError: no: luck
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/app.py", line 1, in <module>
  |     raise ExceptionGroup("two", [ValueError(1)])
  | ExceptionGroup: two (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------
"""
JAVA = """java.lang.IllegalStateException: boom
\tat com.example.Main.run(Main.java:5) ~[app.jar:1.0]
\tat com.example.Main.main(Main.java:3)
\tSuppressed: java.io.IOException: closing
\t\tat com.example.Main.close(Main.java:8)
Caused by: java.io.IOException: disk
\t... 2 more
"""
NODE = """TypeError: Cannot read properties of undefined (reading 'x')
    at foo (/app/index.js:3:5)
    at async main (file:///app/index.js:9:1) {
  code: 'E_X'
}
"""
DOTNET = """System.InvalidOperationException: no
   at App.Run() in /src/App.cs:line 3
   at App.Main(String[] args)
"""
GO = """panic: runtime error: index out of range [5] with length 3
\tpanic: again
[signal SIGSEGV: segmentation violation code=0x1]

goroutine 1 [running]:
main.(*T).Get(0xc000012345, {0x1, 0x2})
\t/tmp/x.go:8 +0x1d
created by main.main in goroutine 6
\t/tmp/x.go:3 +0x1

goroutine 7 [chan receive]:
main.wait()
\t/tmp/x.go:9 +0x2
exit status 2
"""
GO_ERROR = """fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
\t/tmp/x.go:8 +0x1d
"""
LOGGED = {
    "2026-11-23 10:00:00.123 ERROR (MainThread) [homeassistant.core] Error doing job": "Error doing job",
    "\x1b[31m2026-11-23 10:00:00.123 WARNING (MainThread) [a.b] Careful": "Careful",
    "ERROR:root:it failed": "it failed",
    "2026/11/23 10:00:00 ERROR it failed": "it failed",
    "ERROR:    Exception in ASGI application": "Exception in ASGI application",
}


def records_of(text: str) -> list[Row]:
    lines = text.encode().removesuffix(b"\n").split(b"\n")
    stored, rows = lines_of([Entries(lines, [b'"line":%d' % at for at in range(len(lines))], {"line"})])
    found = [json.loads(row) for row in stored.splitlines()]
    assert len(found) == rows
    return found


@pytest.mark.parametrize(
    ("text", "kind", "said", "level"),
    [
        (PYTHON, "ValueError", 'could not "connect"', "ERROR"),
        (CHAINED, "homeassistant.exceptions.HomeAssistantError", "no: luck", "ERROR"),
        (GROUP, "ExceptionGroup", "two (1 sub-exception)", "ERROR"),
        (JAVA, "java.lang.IllegalStateException", "boom", "ERROR"),
        (NODE, "TypeError", "Cannot read properties of undefined (reading 'x')", "ERROR"),
        (DOTNET, "System.InvalidOperationException", "no", "ERROR"),
        (GO, "panic", "runtime error: index out of range [5] with length 3", "CRITICAL"),
        (GO_ERROR, "fatal error", "all goroutines are asleep - deadlock!", "CRITICAL"),
    ],
)
@pytest.mark.parametrize("before", [*LOGGED, "[10:00:00] INFO: from another program", '{"msg":"x"}', ""])
def test_a_traceback_is_one_record(text: str, kind: str, said: str, level: str, before: str) -> None:
    found = records_of(f"{before}\n{text}after\n" if before else f"{text}after\n")
    is_logged = before in LOGGED and text not in {GO, GO_ERROR}

    assert len(found) == (2 if is_logged or not before else 3)
    exception, after = found[-2:]
    assert exception["exception"].rstrip("\n") == text.removesuffix("\n")
    assert (exception["exception_type"], exception["exception_message"]) == (kind, said)
    assert after["message"] == "after"
    assert after["line"] == text.count("\n") + bool(before)
    if is_logged:
        assert exception["message"] == LOGGED[before]
        assert exception["line"] == 0
        assert exception["level"] in {"ERROR", "WARNING"}
    else:
        assert exception["message"] == f"{kind}: {said}"
        assert exception["level"] == level
        assert exception["line"] == bool(before)


def test_two_tracebacks_are_two_records() -> None:
    found = records_of(PYTHON + PYTHON + JAVA + GO + NODE)
    assert [row["exception_type"] for row in found] == [
        "ValueError",
        "ValueError",
        "java.lang.IllegalStateException",
        "panic",
        "TypeError",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a list:\n  one\n  two",
        "we looked\n   at home and found nothing",
        "ERROR:root:one\nERROR:root:two",
        "Caused by: nothing\n... 2 more",
        "exit status 2",
        "goroutines are light",
        "Traceback is a word",
    ],
)
def test_other_lines_stay_alone(text: str) -> None:
    found = records_of(text)
    assert len(found) == text.count("\n") + 1
    assert not any("exception" in row for row in found)


def test_a_record_that_came_with_newlines_has_its_exception_too() -> None:
    (row,) = (
        json.loads(row)
        for row in lines_of([Entries([f"ERROR:root:failed\n{PYTHON}".encode()], [b""], ())])[0].splitlines()
    )
    assert row["message"] == "failed"
    assert row["exception"] == PYTHON
    assert row["exception_type"] == "ValueError"


def test_a_line_that_only_begins_as_a_panic_is_none() -> None:
    stored, _ = lines_of([Entries([b"two lines:\npanic: no\nmore"], [b""], ())])
    assert json.loads(stored) == {"message": "two lines:\npanic: no\nmore"}


def test_origins_are_kept_apart() -> None:
    halves = [b"ERROR:root:failed", PYTHON.encode().removesuffix(b"\n")]
    stored, rows = lines_of(
        [Entries(half.split(b"\n"), [b""] * (half.count(b"\n") + 1), ()) for half in halves]
    )
    assert rows == 2
    assert "exception" not in json.loads(stored.splitlines()[0])


@pytest.mark.parametrize("limit", ["JOINED_LINES", "JOINED_BYTES"])
def test_a_traceback_over_a_limit_stays_as_it_came(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(limits, limit, 4 if limit == "JOINED_LINES" else 100)
    found = records_of(PYTHON + "after")
    assert [row["message"] for row in found] == [*PYTHON.splitlines(), "after"]


def test_users_are_told_the_limits() -> None:
    told = (Path(__file__).parents[4] / "docs" / "text.md").read_text()
    assert f"more than {limits.JOINED_LINES:,} lines or {limits.JOINED_BYTES // 1024} KiB" in told


pieces = st.sampled_from(
    [line for text in (PYTHON, CHAINED, GROUP, JAVA, NODE, GO) for line in text.splitlines()]
    + [*LOGGED, "", "{", "plain", "  indented"]
)


@given(st.lists(pieces, max_size=30))
def test_no_line_is_lost_or_moved(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    assert join(text).replace(JOINED, b"\n") == text
    found = records_of("\n".join(lines))
    assert [row["line"] for row in found] == sorted({row["line"] for row in found})


@pytest.mark.parametrize(
    "line", [*PYTHON.splitlines(), *JAVA.splitlines(), *GO.splitlines(), *NODE.splitlines(), *LOGGED, ""]
)
def test_joining_takes_time_in_proportion(line: str) -> None:
    text = f"{PYTHON}{GO}{JAVA}".encode() + f"{line}\n".encode() * 20_000
    started = time.process_time()
    join(text)
    assert time.process_time() - started < 1
