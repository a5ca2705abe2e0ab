import contextvars
import dataclasses
import datetime as dt
import enum
import json
import math
import numbers
import sys
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging import correlation
from ha_ingestor_logging.entry import Entry, ExceptionInfo
from ha_ingestor_logging.rendering import OWN_THREAD, Renderer
from tests.library.conftest import RunScript

AT_NS = 1_795_600_000_123_456_789


def render(renderer: Renderer | None = None, **fields: Any) -> dict[str, Any]:
    entry: Entry = (AT_NS, 20, "logger.name", contextvars.copy_context(), {}, "message", (), fields)
    line = (renderer or Renderer("service", "host")).render(entry)
    assert line is not None
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    record: dict[str, Any] = json.loads(line)
    return record


def exception_info(raiser: Any) -> ExceptionInfo:
    try:
        raiser()
    except BaseException as error:  # noqa: BLE001 - whatever the test raises
        return type(error), error, error.__traceback__
    raise AssertionError


def test_a_record_has_the_common_fields() -> None:
    record = render(points=3)
    uid = record.pop("uid")
    assert record == {
        "timestamp": "2026-11-25T09:46:40.123456789Z",
        "level": "INFO",
        "service": "service",
        "host": "host",
        "logger": "logger.name",
        "message": "message",
        "points": 3,
    }
    assert uid


def test_each_record_has_a_uid_of_its_own_even_across_processes() -> None:
    first, second = Renderer("service", "host"), Renderer("service", "host")
    uids = {render(renderer)["uid"] for renderer in (first, first, second, second)}
    first.after_fork()
    uids.add(render(first)["uid"])
    assert len(uids) == 5


def test_the_seconds_change_with_the_time() -> None:
    renderer = Renderer("service", "host")
    context = contextvars.Context()
    lines = [
        renderer.render((at_ns, 20, "", context, {}, "", (), {}))
        for at_ns in (0, 999_999_999, 1_000_000_000, 4_102_444_800_000_000_001)
    ]
    assert [json.loads(line or b"")["timestamp"] for line in lines] == [
        "1970-01-01T00:00:00.000000000Z",
        "1970-01-01T00:00:00.999999999Z",
        "1970-01-01T00:00:01.000000000Z",
        "2100-01-01T00:00:00.000000001Z",
    ]


def test_the_correlation_of_the_caller_is_in_the_record() -> None:
    with correlation("c-1", request_id="r-1") as current:
        record = render()
    assert {name: record[name] for name in current.fields()} == current.fields()


def test_structlogs_own_context_variables_are_in_the_record() -> None:
    with structlog.contextvars.bound_contextvars(entity_id="sensor.kitchen"):
        structlog.contextvars.bind_contextvars(gone=1)
        structlog.contextvars.unbind_contextvars("gone")
        record = render()
    assert record["entity_id"] == "sensor.kitchen"
    assert "gone" not in record


def test_fields_with_reserved_names_are_kept_beside_the_librarys_own() -> None:
    record = render(timestamp=1, level="x", message="m", uid="u", source="s", observed=2)
    assert record["level"] == "INFO"
    assert [
        record[f"{name}_"] for name in ("timestamp", "level", "message", "uid", "source", "observed")
    ] == [
        1,
        "x",
        "m",
        "u",
        "s",
        2,
    ]


def test_a_call_may_name_another_service() -> None:
    assert render(service="other")["service"] == "other"


def test_an_exception_becomes_fields_with_its_chain_and_notes() -> None:
    def fail() -> None:
        try:
            int("inner")
        except ValueError as inner:
            outer = KeyError("outer")
            outer.add_note("a note")
            raise outer from inner

    record = render(exc_info=exception_info(fail))
    assert record["exception_type"] == "KeyError"
    assert record["exception_message"] == "'outer'"
    assert record["exception"].startswith("Traceback")
    assert "ValueError: invalid literal for int() with base 10: 'inner'" in record["exception"]
    assert record["exception"].endswith("KeyError: 'outer'\na note")
    assert "exc_info" not in record


def test_an_exceptions_type_names_its_module() -> None:
    def fail() -> None:
        raise json.JSONDecodeError("bad", "", 0)

    assert render(exc_info=exception_info(fail))["exception_type"] == "json.decoder.JSONDecodeError"


def test_an_exception_that_cannot_be_shown_does_not_cost_the_record() -> None:
    class UnshowableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    def fail() -> None:
        raise UnshowableError

    record = render(exc_info=exception_info(fail))
    assert record["exception_message"] == "<UnshowableError whose str() raised RuntimeError>"


def test_what_the_librarys_own_threads_log_is_left_out() -> None:
    context = contextvars.Context()
    context.run(lambda: OWN_THREAD.set(True))
    assert Renderer("service", "host").render((AT_NS, 20, "", context, {}, "", (), {})) is None


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Data:
    number: int


@numbers.Integral.register
class RegisteredInteger:
    """As NumPy's integers are, without NumPy: no ``int``, but known as an integer."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __int__(self) -> int:
        return self._value


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class BrokenMapping(dict[str, object]):
    def items(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02T00:00:00Z"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        (Data(1), {"number": 1}),
        (Decimal("1.10"), "1.10"),
        (Fraction(1, 4), 0.25),
        (Fraction(10**400), f"Fraction({10**400}, 1)"),
        ([RegisteredInteger(3)], [3]),
        (RegisteredInteger(2**70), str(2**70)),
        ({"nan": math.nan, "inf": -math.inf}, {"nan": None, "inf": None}),
        (PurePosixPath("/a"), "/a"),
        (b"a\xff", "a\\xff"),
        ({1}, [1]),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        (ValueError("x"), "ValueError: x"),
        (2**63, 2**63),
        (2**64, str(2**64)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (10**5000, hex(10**5000)),
        ("\ud800", "\\ud800"),
        ({"\ud800": ["\udfff"]}, {"\\ud800": ["\\udfff"]}),
        (Broken(), "<Broken whose repr() raised RuntimeError>"),
        ([Broken(), 2**70], ["<Broken whose repr() raised RuntimeError>", str(2**70)]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_many_types_are_readable(value: object, rendered: object) -> None:
    record = render(value=value, other=dt.date(2026, 1, 2))
    assert record["value"] == rendered
    assert record["other"] == "2026-01-02"


def test_cycles_and_depth_end() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    record = render(cycle=cycle, deep=deep, fine=1)
    assert record["fine"] == 1
    while deep:
        deep = deep.pop()  # type: ignore[assignment]


def test_a_container_that_breaks_does_not_cost_the_record() -> None:
    assert render(value=BrokenMapping(a=2**70), fine=1)["fine"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"a": Broken()},
        {"a": [1]},
        {"exc_info": (ValueError, ValueError(), None)},
        {"a": b"x"},
        {"a": "x" * 5000},
    ],
)
def test_a_caller_renders_nothing_that_could_call_foreign_code_or_take_long(fields: dict[str, Any]) -> None:
    renderer = Renderer("service", "host")
    context = contextvars.copy_context()
    plain: dict[str, Any] = {"text": "x", "number": 1.5, "flag": True, "none": None, "large": 2**70}
    line = renderer.render_plain((AT_NS, 20, "l", context, {}, "%s", ("x",), plain))
    assert line is not None
    assert json.loads(line)["large"] == str(2**70)
    assert renderer.render_plain((AT_NS, 20, "l", context, {}, "m", (), fields)) is None
    assert renderer.render_plain((AT_NS, 20, "l", context, dict(fields), "m", (), {})) is None
    assert renderer.render_plain((AT_NS, 20, "l", context, {}, Broken(), (), {})) is None
    assert renderer.render_plain((AT_NS, 20, "l", context, {}, "%s", (Broken(),), {})) is None
    context.run(structlog.contextvars.bind_contextvars, bound=Broken())
    assert renderer.render_plain((AT_NS, 20, "l", context, {}, "m", (), {})) is None


def test_a_line_with_a_large_correlation_is_cut_as_others_are() -> None:
    with correlation("c" * 1_500_000):
        record = render(other="fine")
    assert record["other"] == "fine"
    assert len(record["correlation_id"]) < 100_000


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.datetimes()
    | st.uuids()
    | st.decimals()
    | st.complex_numbers()
    | st.builds(object)
    | st.builds(Broken),
    lambda children: (
        st.lists(children)
        | st.tuples(children, children)
        | st.dictionaries(st.text(st.characters()) | st.integers() | st.binary(), children)
        | st.sets(st.text() | st.integers())
    ),
)


@given(st.dictionaries(st.text(st.characters()), VALUES, max_size=5))
def test_any_value_renders(fields: dict[str, Any]) -> None:
    fields.pop("exc_info", None)
    record = render(**fields)
    assert record["message"] == "message"
    assert len(record) >= 7


@given(st.text(st.characters()), st.lists(VALUES, max_size=3))
def test_any_message_renders(event: str, args: list[object]) -> None:
    entry: Entry = (AT_NS, 20, "", contextvars.Context(), {}, event, tuple(args), {})
    line = Renderer("service", "host").render(entry)
    assert line is not None
    assert isinstance(json.loads(line)["message"], str)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_line_that_waits_holds_little_more_memory_than_its_text(run_script: RunScript) -> None:
    done = run_script(
        """
        import contextvars, pathlib
        from ha_ingestor_logging.rendering import Renderer

        def resident_bytes():
            return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096

        renderer = Renderer("service", "host")
        entry = (1, 20, "name", contextvars.Context(), {}, "x" * 100, (), {"n": 1})
        renderer.render(entry)
        before = resident_bytes()
        lines = [renderer.render(entry) for _ in range(30_000)]
        print((resident_bytes() - before) / sum(map(len, lines)))
        """
    )
    assert 1 <= float(done.stdout) < 1.8
