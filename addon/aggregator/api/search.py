"""Routes that answer with records: search, the lines around a line, the lines of a request."""

import base64
import zlib
from collections.abc import Mapping

import orjson
from aiohttp import web

from aggregator import limits
from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.reading import SELECTION, answered, selection
from aggregator.api.responses import ends_with_client, json_response
from aggregator.errors import InvalidFieldError
from aggregator.record.output import Record
from aggregator.store.read.around import trace_node
from aggregator.store.reads import Position, Search
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
    order = json_body.choice(fields, "order", ("desc", "asc"))
    cursors = _Cursors("search", order, json_body.text(fields, "query"))
    after, before = cursors.read(json_body.text(fields, "cursor"))
    asked = Search(
        rows.node,
        rows.start_ns,
        rows.end_ns,
        limit=_limit(fields),
        newest_first=order == "desc",
        after=after,
        before=before,
    )
    return await _answer_page(request, asked, cursors)


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
    cursors = _Cursors("trace", "asc", trace_id)
    after, before = cursors.read(json_body.text(fields, "cursor"))
    asked = Search(trace_node(trace_id), limit=_limit(fields), newest_first=False, after=after, before=before)
    return await _answer_page(request, asked, cursors)


async def _answer_page(request: web.Request, asked: Search, cursors: "_Cursors") -> web.Response:
    page, duration_ms = await answered(request, lambda store, budget: store.search(asked, budget))
    return json_response(
        {
            "rows": _fields(page.rows),
            "cursor": cursors.write(page.next),
            # That of an empty page leads where its own did.
            "back": cursors.write(page.previous or asked.before, _BACK),
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


class _Cursors:
    """Reads and writes the cursors of one search: places in the order of its records.

    Args:
        what: what they are places in; a cursor that was given for anything else is refused.
    """

    def __init__(self, *what: str) -> None:
        self._sum = zlib.crc32(orjson.dumps(what))

    def write(self, position: Position | None, mark: str = "") -> str | None:
        """Return the cursor of a position."""
        if position is None:
            return None
        text = f"{mark}{position.timestamp_ns}.{position.seq}.{self._sum:08x}"
        return base64.urlsafe_b64encode(text.encode()).decode()

    def read(self, cursor: str) -> tuple[Position | None, Position | None]:
        """Return behind and before which position a page lies.

        Raises:
            InvalidFieldError: the cursor is none, or another search's.
        """
        if not cursor:
            return None, None
        try:
            text = base64.urlsafe_b64decode(cursor).decode("ascii")
            timestamp_ns, seq, digits = text.removeprefix(_BACK).split(".")
            position = Position(int(timestamp_ns), int(seq))
            # Larger numbers are none that the store ever gave, and none that it can compare.
            position.timestamp_ns.to_bytes(8, signed=True)
            position.seq.to_bytes(8)
            is_of_this_search = int(digits, 16) == self._sum
        except (ValueError, OverflowError):
            raise InvalidFieldError("cursor: not one of ours", field="cursor") from None
        if not is_of_this_search:
            raise InvalidFieldError("cursor: is of a search with another query or order", field="cursor")
        return (None, position) if text.startswith(_BACK) else (position, None)
