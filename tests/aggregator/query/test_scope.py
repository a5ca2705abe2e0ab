"""What of a store a search touches."""

import pytest

from aggregator.query.parse import parse
from aggregator.query.scope import needed_columns, time_bounds

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


@pytest.mark.parametrize(
    ("search", "needed"),
    [
        ("", set()),
        ("error", {"message", "exception"}),
        ("level:error", {"level"}),
        ("severity:error", {"level", "_rest"}),
        ("-level:error OR status:500", {"level", "c1"}),
        ("context.lineno:3", {"c2", "_rest"}),
        ("nowhere:1", {"_rest"}),
        ("service:a", set()),
    ],
)
def test_needed_columns_are_those_that_the_filter_reads(search: str, needed: set[str]) -> None:
    columns = {
        "level": "level",
        "message": "message",
        "exception": "exception",
        "status": "c1",
        "context": "c2",
    }
    assert needed_columns(parse(search), columns, rest="_rest") == needed
