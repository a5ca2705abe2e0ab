"""Hypothesis strategies of JSON as senders send it."""

from typing import Any

from hypothesis import strategies as st

AWKWARD_KEYS = (
    "",
    "_seq",
    "_rest",
    "_id",
    "source",
    "observed",
    "SOURCE",
    "Msg",
    "MSG",
    "Message",
    "timestamp_invalid",
    "level_unknown",
    "a.b",
    "a/b",
    "a~b",
    "a~1b",
    'a"b',
    "a'b",
    "a\\b",
    "a\x00b",
    "a\nb",
    "$.a",
    "*",
    "0",
    "-",
    "a",
    "A",
    "é",
    "É",
    "ß",
    "SS",
    "İ",
    "rowid",
    "filename",
    "file_row_number",
    "file_index",
    "select",
    "k" * 128,
    "k" * 129,
    "🏠",
)
"""Keys that some layer might take for its own syntax or for a column of its own."""

keys = st.one_of(st.sampled_from(AWKWARD_KEYS), st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)
json_objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(keys, json_values, max_size=6)
