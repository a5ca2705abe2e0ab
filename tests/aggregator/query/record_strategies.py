"""Random records that random searches often meet."""

import json
from typing import Any

from hypothesis import strategies as st

from aggregator.record.fields import LEVELS
from tests.aggregator.query.oracle import Record
from tests.aggregator.query.strategies import INTEGERS, MADE_UP_FIELDS, QUARTERS, TEXT_FIELDS, texts

NOW_NS = 1795428000_000000000  # 2026-11-23T10:00:00Z

times_ns = st.sampled_from(
    [NOW_NS, NOW_NS - 1, NOW_NS + 1, NOW_NS + 500_000_000, NOW_NS - 15 * 60 * 10**9]
) | st.integers(NOW_NS - 2 * 365 * 86_400 * 10**9, NOW_NS + 10**9)

scalars = st.none() | st.booleans() | INTEGERS | QUARTERS | texts | INTEGERS.map(str) | QUARTERS.map(str)
keys = st.sampled_from([*MADE_UP_FIELDS, "b", "c", "~", "/"])
structures: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def raws(draw: st.DrawFn) -> str:
    """JSON text in one of the ways in which it can be written."""
    value = draw(structures)
    raw = json.dumps(value, ensure_ascii=draw(st.booleans()), separators=(",", ":"))
    if isinstance(value, float) and draw(st.booleans()):
        return f"{value:.4f}"
    return raw.replace("/", "\\/") if isinstance(value, str) and draw(st.booleans()) else raw


record_fields = st.fixed_dictionaries(
    {"timestamp": times_ns, "observed": times_ns},
    optional={
        "level": st.sampled_from(LEVELS),
        **dict.fromkeys(TEXT_FIELDS, texts | INTEGERS.map(str) | QUARTERS.map(str)),
    },
)
made_up_fields = st.dictionaries(st.sampled_from(MADE_UP_FIELDS).filter(bool), raws(), max_size=5)
records: st.SearchStrategy[Record] = st.builds(
    lambda known, other: known | other, record_fields, made_up_fields
)
