"""What of a store a search touches."""

import pytest

from aggregator.query.parse import parse
from aggregator.query.scope import time_bounds

NOW_NS = 1795428000_000000000  # 2026-11-23T10:00:00Z
HOUR_NS = 3600 * 10**9
AGO = NOW_NS - HOUR_NS


@pytest.mark.parametrize(
    ("search", "bounds"),
    [
        ("", (None, None)),
        ("error", (None, None)),
        ("timestamp:>=now-1h", (AGO, None)),
        ("timestamp:<now", (None, NOW_NS)),
        ("error timestamp:>=now-1h", (AGO, None)),
        ("timestamp:>=now-1h timestamp:<now", (AGO, NOW_NS)),
        ("timestamp:[now-1h TO now}", (AGO, NOW_NS)),
        ("timestamp:>=now timestamp:<now-1h", (NOW_NS, AGO)),
        ("error OR timestamp:>=now-1h", (None, None)),
        ("(error timestamp:>=now-1h) OR (warn timestamp:>=now)", (AGO, None)),
        ("timestamp:now OR timestamp:now-1h", (AGO, NOW_NS + 1)),
        ("-timestamp:<now-1h", (AGO, None)),
        ("-timestamp:>=now", (None, NOW_NS)),
        ("-timestamp:[now-1h TO now]", (None, None)),
        ("-(timestamp:<now-1h OR timestamp:>=now)", (AGO, NOW_NS)),
        ("-(error OR timestamp:<now-1h)", (AGO, None)),
        ("-(error timestamp:<now-1h)", (None, None)),
        ("timestamp:*", (None, None)),
        ("observed:>=now-1h", (None, None)),
        ("time:>=now-1h", (None, None)),
    ],
)
def test_time_bounds_enclose_every_match(search: str, bounds: tuple[int | None, int | None]) -> None:
    assert time_bounds(parse(search), NOW_NS) == bounds
