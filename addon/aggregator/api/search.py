"""The search route."""

import asyncio
import base64
import time
from collections.abc import Mapping

from aiohttp import web

from aggregator import limits
from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.responses import json_response
from aggregator.errors import InvalidFieldError, SearchSyntaxError
from aggregator.query.ast import Node
from aggregator.query.errors import QuerySyntaxError, QueryValueError
from aggregator.query.parse import parse
from aggregator.query.times import parse_time
from aggregator.state import STATE
from aggregator.store.protocol import Position, Search
from aggregator.tokens import Scope

_FIELDS = frozenset({"query", "start", "end", "limit", "order", "cursor"})


def add_routes(app: web.Application) -> None:
    """Add the route to an application."""
    app.router.add_post("/api/v1/search", search)


async def search(request: web.Request) -> web.Response:
    """Find one page of records."""
    require(request, Scope.READ)
    state = request.app[STATE]
    asked = _search(await json_body.read_object(request))
    started = time.perf_counter()
    page = await asyncio.get_running_loop().run_in_executor(state.searches, state.store.search, asked)
    duration_s = time.perf_counter() - started
    state.self_metrics.searched(duration_s)
    return json_response(
        {
            "rows": [record.fields for record in page.rows],
            "cursor": None if page.next is None else _cursor(page.next),
            "partial": page.partial,
            "duration_ms": round(duration_s * 1000, 3),
        }
    )


def parse_query(text: str) -> Node:
    """Parse a search.

    Raises:
        SearchSyntaxError: it can't be parsed.
    """
    try:
        return parse(text)
    except QuerySyntaxError as error:
        raise SearchSyntaxError(
            f"column {error.column}: {error.message}", column=error.column, expected=list(error.expected)
        ) from None


def _search(fields: Mapping[str, object]) -> Search:
    json_body.known_only(fields, _FIELDS)
    cursor = json_body.text(fields, "cursor")
    return Search(
        node=parse_query(json_body.text(fields, "query")),
        start_ns=_time_ns(fields, "start"),
        end_ns=_time_ns(fields, "end"),
        limit=json_body.whole_number(fields, "limit", 100, range(1, limits.SEARCH_ROWS + 1)),
        newest_first=json_body.choice(fields, "order", ("desc", "asc")) == "desc",
        after=_position(cursor) if cursor else None,
    )


def _time_ns(fields: Mapping[str, object], name: str) -> int | None:
    text = json_body.text(fields, name)
    if not text:
        return None
    try:
        return parse_time(text, time.time_ns()).start_ns
    except QueryValueError as error:
        raise InvalidFieldError(f"{name}: {error.message}", field=name) from None


def _cursor(position: Position) -> str:
    return base64.urlsafe_b64encode(f"{position.timestamp_ns}.{position.seq}".encode()).decode()


def _position(cursor: str) -> Position:
    try:
        timestamp_ns, _, seq = base64.urlsafe_b64decode(cursor).decode("ascii").partition(".")
        position = Position(int(timestamp_ns), int(seq))
        # Larger numbers are none that the store ever gave, and none that it can compare.
        position.timestamp_ns.to_bytes(8)
        position.seq.to_bytes(8)
    except (ValueError, OverflowError):
        raise InvalidFieldError("cursor: not one of ours", field="cursor") from None
    return position
