import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ha_ingestor_logging.trace_context import TraceParent, new_span_id, new_trace_id, parse_traceparent

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
