import contextvars
import math
import uuid
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging import correlation
from ha_ingestor_logging.record_schema import problems_of_record
from ha_ingestor_logging.rendering import Renderer
from ha_ingestor_logging.typed_fields import TYPED_FIELDS, fitted

if TYPE_CHECKING:
    from ha_ingestor_logging.entry import Entry, ExceptionInfo

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def rendered(bound: dict[str, Any], **fields: Any) -> dict[str, Any]:
    entry: Entry = (1, 20, "logger", contextvars.copy_context(), bound, "message", (), fields)
    line = Renderer("service", "host").render(entry)
    assert line is not None
    record: dict[str, Any] = orjson.loads(line)
    return record


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("user", "anna", {"user": "anna"}),
        ("user", {"id": 1}, {"user_": {"id": 1}}),
        ("user", None, None),
        ("service", None, None),
        ("service", "", {"service_": ""}),
        ("service", "other", {"service": "other"}),
        ("trace_id", TRACE_ID, {"trace_id": TRACE_ID}),
        ("trace_id", "XYZ", {"trace_id_": "XYZ"}),
        ("trace_id", 7, {"trace_id_": 7}),
        ("correlation_id", 7, {"correlation_id": "7"}),
        ("correlation_id", 2**70, {"correlation_id": 2**70}),
        ("correlation_id", True, {"correlation_id": "true"}),
        ("correlation_id", uuid.UUID(int=1), {"correlation_id": uuid.UUID(int=1)}),
        ("error_code", 429, {"error_code": 429}),
        ("error_code", 1.5, {"error_code": "1.5"}),
        ("duration_ms", 1.5, {"duration_ms": 1.5}),
        ("duration_ms", math.nan, {"duration_ms_": math.nan}),
        ("duration_ms", -1, {"duration_ms_": -1}),
        ("duration_ms", "fast", {"duration_ms_": "fast"}),
        ("exception_chain", "none", {"exception_chain_": "none"}),
    ],
)
def test_a_field_is_as_the_schema_wants_it(name: str, value: object, field: dict[str, Any] | None) -> None:
    assert fitted(name, value) == (field and next(iter(field.items())))


def test_a_line_keeps_its_service_when_a_caller_gives_none() -> None:
    assert rendered({}, service=None)["service"] == "service"
    assert rendered({"service": None}, logger={})["logger_"] == {}


def test_what_a_correlation_is_given_fits() -> None:
    odd: Any = {"id": 1}
    with correlation(user=odd, request_id=odd, operation="import"):
        record = rendered({})
    assert (record["user_"], record["request_id_"], record["operation"]) == (odd, odd, "import")
    assert problems_of_record(record) == []


def test_what_an_exception_explains_fits() -> None:
    class OddError(Exception):
        error_code = 1.5
        recovery_action = ("wait", "try again")

    info: ExceptionInfo = (OddError, OddError(), None)
    record = rendered({}, exc_info=info)
    assert (record["error_code"], record["recovery_action_"]) == ("1.5", ["wait", "try again"])
    assert problems_of_record(record) == []


@given(
    st.dictionaries(st.sampled_from(sorted(TYPED_FIELDS)), JSON),
    st.dictionaries(st.sampled_from(sorted(TYPED_FIELDS)), JSON),
)
def test_every_line_is_valid_whatever_is_given(bound: dict[str, Any], fields: dict[str, Any]) -> None:
    assert problems_of_record(rendered(bound, **fields)) == []
