"""What an aggregator has stored."""

from collections.abc import Iterator
from typing import Any

from tests.aggregator.running_aggregator import Aggregator


def rows(aggregator: Aggregator) -> Iterator[dict[str, Any]]:
    """All rows, the oldest first, page by page."""
    cursor: str | None = None
    while True:
        answer = aggregator.search(limit=5000, order="asc", cursor=cursor)
        assert answer.status == 200, answer.body
        page = answer.json
        assert not page["partial"]
        yield from page["rows"]
        cursor = page["cursor"]
        if cursor is None:
            return


def messages_after(aggregator: Aggregator, last: str) -> list[str]:
    """The messages of all rows, once the one that was sent last can be found."""
    aggregator.wait_for(f'"{last}"', 1)
    return [row["message"] for row in rows(aggregator)]
