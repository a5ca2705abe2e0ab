from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.trigger_search import any_of

TEXTS = st.text("abkez=-_é", max_size=4)


@given(st.lists(TEXTS, min_size=1, max_size=8), st.text("abkez=-_é", max_size=30))
def test_it_finds_exactly_what_stands_in_the_text(wanted: list[str], text: str) -> None:
    assert (any_of(wanted).search(text) is not None) == any(one in text for one in wanted)
