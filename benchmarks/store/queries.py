"""Q1 to Q9."""

from typing import Any

import orjson

from benchmarks.store.query_kinds import Count, Histogram, Latest, Percentile, Query


def queries(lines: list[bytes]) -> list[Query[Any]]:
    """Return Q1 to Q9 for a corpus."""
    return [
        top_100(),
        Latest(
            "Q2 level:error service:data-api",
            11,
            "level:=ERROR service:=data-api",
            "level:error service:data-api",
            (b'"level":"ERROR"', b'"service":"data-api"'),
        ),
        Latest('Q3 "partial write"', 24, 'i("partial write")', '"partial write"', (b"partial write",)),
        needle(lines),
        Latest("Q5 *kitchen_temp*", 54, '~"kitchen_temp"', "*kitchen_temp*", (b"kitchen_temp",)),
        Histogram("Q6 count by service, level, minute", 68, "*", aim="aim: ≤ 10 ms"),
        absent_word(),
        word_count(),
        p95(),
    ]


def top_100() -> Latest:
    """Return the latest rows of all."""
    return Latest("Q1 latest 100", 60, "*", "", (), aim="aim: ≤ 10 ms")


def needle(lines: list[bytes]) -> Latest:
    """Return the rows of one request from the middle of the lines."""
    request_id = str(orjson.loads(lines[len(lines) // 2])["correlation_id"])
    return Latest(
        "Q4 one correlation_id",
        4.6,
        f'correlation_id:="{request_id}"',
        f"correlation_id:{request_id}",
        (request_id.encode(),),
    )


def absent_word() -> Latest:
    """Return a search for what no line has."""
    return Latest("Q7 an absent word", 1, "xylophonist", "xylophonist", (b"xylophonist",))


def word_count() -> Count:
    """Return a count that reads all messages."""
    return Count("Q8 count of unavailable", 264, "i(unavailable) | stats count() rows", "unavailable")


def p95() -> Percentile:
    """Return an aggregate that reads all durations."""
    return Percentile(
        "Q9 p95 of duration_ms by service", 234, "* | stats by (service) quantile(0.95, duration_ms) p95"
    )
