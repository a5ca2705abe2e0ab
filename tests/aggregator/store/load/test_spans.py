"""Spans of segments: the sweep and the bisection say what comparing all with all says."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.files import Span
from aggregator.store.load.spans import Held, replaced

spans = st.lists(
    st.builds(
        lambda first_seq, rows, generation: Span(first_seq, first_seq + rows, generation),
        st.integers(1, 30),
        st.integers(0, 12),
        st.integers(0, 3),
    ),
    max_size=20,
    unique=True,
)


@given(spans)
def test_what_was_made_into_another_one_is_found(some: list[Span]) -> None:
    assert replaced(some) == {span for span in some if any(other.replaces(span) for other in some)}


@given(spans)
def test_a_line_is_held_by_the_segment_that_was_made_of_it(some: list[Span]) -> None:
    held = Held(some)
    for seq in range(50):
        assert (seq in held) == any(span.first_seq <= seq <= span.last_seq for span in some)
