import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ha_ingestor_logging import ExplainedError, correlation, get_logger, timed
from ha_ingestor_logging.record_schema import SCHEMA, problems_of_line, problems_of_record
from tests.library.capturing import Capture

RECORD: dict[str, Any] = {
    "timestamp": "2026-11-25T09:46:40.123456789Z",
    "level": "INFO",
    "service": "s",
    "logger": "l",
    "message": "m",
}


def test_what_the_library_writes_is_valid(capture: Capture) -> None:
    log = get_logger()
    error = ExplainedError("top", error_code="E-1", recovery_action="wait", user_impact="none")
    error.__cause__ = ValueError("cause")
    error.add_note("note")
    with correlation(request_id="r"), timed("operation"):
        log.error("failed", exc_info=error, anything={"a": [1, None]})
        log.error("group", exc_info=ExceptionGroup("g", [error]))
    records = capture()
    assert len(records) == 3
    assert [problems_of_record(record) for record in records] == [[], [], []]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"level": "info"}, 'level: expected TRACE or DEBUG or .* found "info"'),
        ({"timestamp": "2026-11-25 09:46:40"}, 'timestamp: "2026-11-25 09:46:40" does not match'),
        ({"timestamp": "2026-13-25T09:46:40Z"}, "timestamp: .* does not match"),
        ({"timestamp": 1}, "timestamp: expected string, found 1"),
        ({"message": None}, "message: expected string, found null"),
        ({"service": ""}, "service: must not be empty"),
        ({"trace_id": "A" * 32}, "trace_id: .* does not match"),
        ({"duration_ms": -1}, "duration_ms: -1 is below 0"),
        ({"duration_ms": True}, "duration_ms: expected number, found true"),
        ({"error_code": 1.5}, "error_code: expected string or integer, found 1.5"),
        ({"exception_chain": {}}, "exception_chain: expected array"),
        ({"exception_chain": [{"type": "E"}]}, r"exception_chain\[0\].message: missing"),
        (
            {"exception_chain": [{"type": "E", "message": "", "exceptions": [{"type": 1, "message": ""}]}]},
            r"exception_chain\[0\].exceptions\[0\].type: expected string, found 1",
        ),
    ],
)
def test_a_problem_names_its_field(change: dict[str, Any], problem: str) -> None:
    (found,) = problems_of_record({**RECORD, **change})
    assert re.match(problem, found)


def test_every_missing_field_is_named() -> None:
    assert problems_of_record({}) == [f"{name}: missing" for name in RECORD]


@pytest.mark.parametrize("line", [b"", b"{", b"\xff", b"NaN", b'{"a":1}{"b":2}'])
def test_what_is_no_json_is_a_problem(line: bytes) -> None:
    (problem,) = problems_of_line(line)
    assert problem.startswith("not JSON: ")


@pytest.mark.parametrize("line", [b"[]", b"1", b'"text"', b"null"])
def test_what_is_no_object_is_a_problem(line: bytes) -> None:
    (problem,) = problems_of_line(line)
    assert problem.startswith("expected object, found ")


def keywords(schema: dict[str, Any]) -> set[str]:
    found = set(schema)
    below = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    for part in [*below, *([schema["items"]] if "items" in schema else [])]:
        found |= keywords(part)
    return found


def test_every_keyword_of_the_schema_is_checked() -> None:
    checked = {"type", "enum", "minLength", "pattern", "required", "properties", "items", "minimum", "$ref"}
    assert keywords(SCHEMA) <= checked | {"$schema", "$defs", "title", "description"}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-3, 3)
    | st.sampled_from(["", "INFO", "cause", "0" * 32, "0" * 16, RECORD["timestamp"]])
    | st.text(max_size=3),
    lambda children: (
        st.lists(children, max_size=2)
        | st.dictionaries(
            st.sampled_from(["type", "message", "relation", "notes", "exceptions"]), children, max_size=4
        )
    ),
)


@pytest.fixture(scope="module")
def jsonschema() -> Any:
    return pytest.importorskip("jsonschema", reason="an independent validator")


@settings(deadline=None)
@given(
    fields=st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), VALUES), complete=st.booleans()
)
def test_it_agrees_with_another_validator(jsonschema: Any, fields: dict[str, Any], complete: bool) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    record = {**RECORD, **fields} if complete else fields
    record = json.loads(json.dumps(record))
    assert (problems_of_record(record) == []) == validator.is_valid(record)


def test_the_schema_is_one(jsonschema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_field_that_breaks_the_schema_is_logged_by_another_name(capture: Capture) -> None:
    get_logger().info("line", duration_ms="long")
    (record,) = capture()
    assert (record["duration_ms_"], problems_of_record(record)) == ("long", [])
