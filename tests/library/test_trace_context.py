import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ha_ingestor_logging.trace_context import (
    TraceParent,
    new_span_id,
    new_trace_id,
    parse_traceparent,
    parse_tracestate,
)

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"


def hex_text(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits).filter(
        lambda text: bool(text.strip("0"))
    )


def test_a_header_of_version_00_is_read() -> None:
    assert parse_traceparent(f"00-{TRACE_ID}-{SPAN_ID}-01") == TraceParent(TRACE_ID, SPAN_ID, 1)


def test_a_later_version_may_carry_more() -> None:
    assert parse_traceparent(f"cc-{TRACE_ID}-{SPAN_ID}-01-what-comes") == TraceParent(TRACE_ID, SPAN_ID, 1)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE_ID}-{SPAN_ID}",
        f"00-{TRACE_ID}-{SPAN_ID}-01-more",
        f"00-{TRACE_ID}-{SPAN_ID}-1",
        f"ff-{TRACE_ID}-{SPAN_ID}-01",
        f"0-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
        f"00-{TRACE_ID[:-1]}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-0g",
        f"cc-{TRACE_ID}-{SPAN_ID}-01.what",
        f"00-{TRACE_ID}-{SPAN_ID}-01\n",
        f"00_{TRACE_ID}_{SPAN_ID}_01",
    ],
)
def test_a_header_off_the_standard_is_ignored(header: str) -> None:
    assert parse_traceparent(header) is None


@given(hex_text(32), hex_text(16), st.integers(0, 255))
def test_what_is_written_is_read_back(trace_id: str, span_id: str, flags: int) -> None:
    written = str(TraceParent(trace_id, span_id, flags))
    assert len(written) == 55
    assert parse_traceparent(written) == TraceParent(trace_id, span_id, flags & 0x03)


@given(st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"))
@example("\N{ARABIC-INDIC DIGIT ZERO}" * 2 + "-" + TRACE_ID + "-" + SPAN_ID + "-01")
def test_any_text_is_a_valid_parent_or_none(header: str) -> None:
    parent = parse_traceparent(header)
    if parent is not None:
        assert len(parent.trace_id) == 32
        assert int(parent.trace_id, 16)
        assert int(parent.span_id, 16)
        assert parent.trace_id.isascii()
        assert parent.trace_id in header


def test_new_ids_are_valid_and_differ() -> None:
    ids = {(new_trace_id(), new_span_id()) for _ in range(100)}
    assert len(ids) == 100
    assert all(parse_traceparent(str(TraceParent(*pair))) for pair in ids)


@pytest.mark.parametrize(
    ("header", "passed_on"),
    [
        ("vendor=1", "vendor=1"),
        (" a=1 ,\tb=2 ", "a=1,b=2"),
        ("a=1,,b=2,", "a=1,b=2"),
        ("tenant@system=x", "tenant@system=x"),
        ("0tenant@system=x", "0tenant@system=x"),
        (f"{'k' * 256}=1", f"{'k' * 256}=1"),
        (f"a={'v' * 256}", f"a={'v' * 256}"),
        ("a= x y", "a= x y"),
        (",".join(f"k{n}=1" for n in range(32)), ",".join(f"k{n}=1" for n in range(32))),
    ],
)
def test_tracestate_on_the_standard_is_passed_on(header: str, passed_on: str) -> None:
    assert parse_tracestate(header) == passed_on


@pytest.mark.parametrize(
    "header",
    [
        "",
        ", ,",
        "a",
        "a=",
        "=1",
        "A=1",
        "a b=1",
        "a=1=2",
        "a=\x00",
        "a=é",
        "a=1,a=2",
        "0a=1",
        "a@=1",
        "a@b@c=1",
        f"{'t' * 242}@v=1",
        f"t@{'v' * 15}=1",
        f"{'k' * 257}=1",
        f"a={'v' * 257}",
        ",".join(f"k{n}=1" for n in range(33)),
        "good=1,bad",
    ],
)
def test_tracestate_off_the_standard_is_left_out_as_a_whole(header: str) -> None:
    assert parse_tracestate(header) is None


def test_of_a_long_tracestate_long_members_go_first_then_those_at_the_end() -> None:
    long = f"long={'x' * 130}"
    short = [f"k{number:02d}={'v' * 46}" for number in range(10)]
    assert parse_tracestate(",".join([long, *short])) == ",".join(short)
    many = [f"k{number:02d}={'v' * 46}" for number in range(20)]
    assert parse_tracestate(",".join(many)) == ",".join(many[:10])


@given(st.text("abk01=,@ \t-*/_", max_size=700) | st.text())
def test_any_tracestate_gives_one_that_is_bounded_and_read_the_same_again(header: str) -> None:
    passed_on = parse_tracestate(header)
    if passed_on is not None:
        assert len(passed_on) <= 512
        assert parse_tracestate(passed_on) == passed_on
