"""Shapes of lines are the same whether few or many are looked at."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.record.text import shapes
from aggregator.record.text.shapes import Shape, shapes_of
from tests.aggregator.record.text.samples import UNCLEAR, UNDERSTOOD

LINES = [line.encode() for line in (*(line for line, _ in UNDERSTOOD), *UNCLEAR)]
SHORTEST = 6


def test_few_lines_and_many_have_the_same_shapes() -> None:
    text = b"".join(b"\n" + line for line in LINES)
    assert len(LINES) > shapes._FEW
    apart = [shape for line in LINES for shape in shapes_of(b"\n" + line)]
    together = shapes_of(text)
    assert len(together) == len(LINES)
    for line, one, other in zip(LINES, apart, together, strict=True):
        assert one == other or len(line) < SHORTEST, line


@given(
    st.lists(
        st.one_of(
            st.sampled_from(LINES),
            st.binary(min_size=SHORTEST, max_size=12),
            st.text("0123456789-/:[]mA\x1b a", min_size=SHORTEST).map(str.encode),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_lines_have_the_same_shapes(lines: list[bytes]) -> None:
    lines = [line.replace(b"\n", b"") + b"." * SHORTEST for line in lines]
    text = b"".join(b"\n" + line for line in lines)
    together = [Shape(shape) for shape in shapes._all_at_once(text).tolist()]
    for line, one, other in zip(lines, shapes_of(text), together, strict=True):
        assert one == other or b"\x1b" in line, line
