"""Routes that answer with records: search, the lines around a line, the lines of a request."""

import base64
from collections.abc import Mapping

from aiohttp import web

from aggregator import limits
from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.reading import SELECTION, answered, selection
from aggregator.api.responses import ends_with_client, json_response
from aggregator.errors import InvalidFieldError
from aggregator.record.output import Record
from aggregator.store.read.around import trace_node
from aggregator.store.reads import Page, Position, Search
from aggregator.tokens import Scope

_SEARCH_FIELDS = SELECTION | {"limit", "order", "cursor"}
_CONTEXT_FIELDS = frozenset({"_id", "lines"})
_TRACE_FIELDS = frozenset({"id", "limit", "cursor"})
_BACK = "<"
"""Marks a cursor that leads back, against the order of its page."""


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_post("/api/v1/search", search)
    app.router.add_post("/api/v1/context", context)
    app.router.add_post("/api/v1/trace", trace)


@ends_with_client
async def search(request: web.Request) -> web.Response:
    """Find one page of records."""
    require(request, Scope.READ)
    fields = await json_body.read_object(request)
    json_body.known_only(fields, _SEARCH_FIELDS)
    rows = selection(fields)
    after, before = _cursor_of(fields)
    asked = Search(
        rows.node,
        rows.start_ns,
        rows.end_ns,
        limit=_limit(fields),
        newest_first=json_body.choice(fields, "order", ("desc", "asc")) == "desc",
        after=after,
        before=before,
    )
    return await _answer_page(request, asked)


@ends_with_client
async def context(request: web.Request) -> web.Response:
    """Find a line and those around it."""
    require(request, Scope.READ)
    fields = await json_body.read_object(request)
    json_body.known_only(fields, _CONTEXT_FIELDS)
    seq = _seq(json_body.text(fields, "_id"))
    lines = json_body.whole_number(fields, "lines", 10, range(limits.CONTEXT_LINES + 1))
    found, duration_ms = await answered(request, lambda store, budget: store.context(seq, lines, budget))
    return json_response(
        {
            "before": _fields(found.before),
            "row": found.row.fields,
            "after": _fields(found.after),
            "partial": found.partial,
            "duration_ms": duration_ms,
        }
    )


@ends_with_client
async def trace(request: web.Request) -> web.Response:
    """Find the lines of a request, the oldest first."""
    require(request, Scope.READ)
    fields = await json_body.read_object(request)
    json_body.known_only(fields, _TRACE_FIELDS)
    trace_id = json_body.text(fields, "id")
    if not trace_id:
        raise InvalidFieldError("id: a trace ID or correlation ID is needed", field="id")
    after, before = _cursor_of(fields)
    return await _answer_page(
        request,
        Search(trace_node(trace_id), limit=_limit(fields), newest_first=False, after=after, before=before),
    )


async def _answer_page(request: web.Request, asked: Search) -> web.Response:
    page, duration_ms = await answered(request, lambda store, budget: store.search(asked, budget))
    return json_response(
        {
            "rows": _fields(page.rows),
            "cursor": None if page.next is None else _cursor(page.next),
            "back": _back(page, asked),
            "partial": page.partial,
            "duration_ms": duration_ms,
        }
    )


def _fields(rows: list[Record]) -> list[Mapping[str, object]]:
    return [record.fields for record in rows]


def _limit(fields: Mapping[str, object]) -> int:
    return json_body.whole_number(fields, "limit", 100, range(1, limits.SEARCH_ROWS + 1))


def _seq(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(2**63))):
        raise InvalidFieldError("_id: the number of a record, as a string of digits", field="_id")
    return int(text)


def _cursor(position: Position, mark: str = "") -> str:
    return base64.urlsafe_b64encode(f"{mark}{position.timestamp_ns}.{position.seq}".encode()).decode()


def _back(page: Page, asked: Search) -> str | None:
    """The cursor of the page before; that of an empty page leads where its own did."""
    position = page.previous or asked.before
    return None if position is None else _cursor(position, _BACK)


def _cursor_of(fields: Mapping[str, object]) -> tuple[Position | None, Position | None]:
    """Behind and before which position a page lies."""
    cursor = json_body.text(fields, "cursor")
    if not cursor:
        return None, None
    try:
        text = base64.urlsafe_b64decode(cursor).decode("ascii")
        timestamp_ns, _, seq = text.removeprefix(_BACK).partition(".")
        position = Position(int(timestamp_ns), int(seq))
        # Larger numbers are none that the store ever gave, and none that it can compare.
        position.timestamp_ns.to_bytes(8, signed=True)
        position.seq.to_bytes(8)
    except (ValueError, OverflowError):
        raise InvalidFieldError("cursor: not one of ours", field="cursor") from None
    return (None, position) if text.startswith(_BACK) else (position, None)
