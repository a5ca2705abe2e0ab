"""Searches in plain words."""

import pytest
from hypothesis import given

from aggregator.query.ast import Node
from aggregator.query.ast import terms as terms_of
from aggregator.query.describe import TermDescription, describe
from aggregator.query.needles import ANYTHING, needs_of
from aggregator.query.parse import parse
from tests.aggregator.query.strategies import nodes

NOW_NS = 1795428000_000000000  # 2026-11-23T10:00:00Z


@pytest.mark.parametrize(
    ("search", "finds", "needs"),
    [
        ("", "every record", ""),
        ("*", "every record", ""),
        (
            '"Partial write"',
            'message or exception has the words "Partial write"',
            'the word "partial" and the word "write"',
        ),
        ("kitchen*", 'message or exception has words like "kitchen*"', ""),
        ("/err.r/", "message or exception matches /err.r/", ""),
        ('message:""', "message is empty", ""),
        ("msg:a", 'message (or a field msg) has the words "a"', 'the word "a" or a field "msg"'),
        ("service:data-api", 'service is "data-api"', 'service "data-api"'),
        ("service:d?ta*", 'service is like "d?ta*"', ""),
        ("trace_id:*", "trace_id has a value", ""),
        ("level:>=warn", "level is WARNING, ERROR or CRITICAL", "level WARNING, ERROR or CRITICAL"),
        ("level:>critical", "level is no level there is", "nothing: no record can match"),
        ("level:/^e/", "level matches /^e/", ""),
        ("status:>=400", "status is at least 400", 'a field "status"'),
        ("x:<b", 'x comes before "b"', 'a field "x"'),
        ("x:{1 TO 5]", "x is more than 1 and is at most 5", 'a field "x"'),
        (
            "timestamp:[now-1h TO now}",
            "timestamp is 2026-11-23T09:00:00Z or later and is before 2026-11-23T10:00:00Z",
            "",
        ),
        (
            "a -b",
            'message or exception has the words "a" and not (message or exception has the words "b")',
            'the word "a"',
        ),
        (
            "service:(a OR b) level:info",
            '(service is "a" or service is "b") and level is INFO',
            '(service "a" or service "b") and level INFO',
        ),
    ],
)
def test_search_in_words(search: str, finds: str, needs: str) -> None:
    description = describe(parse(search), NOW_NS)
    assert (description.finds, description.needs) == (finds, needs)


def test_each_term_is_described_with_its_column() -> None:
    assert describe(parse("a (status:5 OR -b*)"), NOW_NS).terms == (
        TermDescription(1, 'message or exception has the words "a"', 'the word "a"'),
        TermDescription(11, 'status is "5"', 'a field "status"'),
        TermDescription(17, 'message or exception has words like "b*"', ""),
    )


@given(nodes())
def test_any_search_is_described(node: Node) -> None:
    description = describe(node, NOW_NS)
    assert description.finds
    assert bool(description.needs) == (needs_of(node) != ANYTHING)
    assert len(description.terms) == len(list(terms_of(node)))
    assert all(term.finds for term in description.terms)
