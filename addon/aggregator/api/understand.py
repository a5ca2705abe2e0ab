"""Routes about searches themselves: what one would look through, and how one being typed goes on."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web

from aggregator import limits
from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.reading import SELECTION, selection, time_range
from aggregator.api.responses import json_response
from aggregator.errors import InvalidFieldError, SearchSyntaxError
from aggregator.query.ast import MatchAll
from aggregator.query.complete import Completion, FieldName, FieldValue, completion_at
from aggregator.query.describe import describe
from aggregator.query.errors import QuerySyntaxError
from aggregator.query.suggest import suggest
from aggregator.record.fields import CANONICAL_NAMES, TIME_FIELDS
from aggregator.record.output import format_ns
from aggregator.state import STATE
from aggregator.store.protocol import Store
from aggregator.store.read.budget import Budget
from aggregator.store.reads import PartUse, Plan, Selection, Use
from aggregator.tokens import Scope

_COMPLETE_FIELDS = frozenset({"query", "position", "start", "end"})

type _Counted = list[tuple[str, int]]


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_post("/api/v1/explain", explain)
    app.router.add_post("/api/v1/complete", complete)


async def explain(request: web.Request) -> web.Response:
    """Say in words what a search finds, and what of the store it would look through."""
    require(request, Scope.READ)
    asked = await json_body.read_object(request)
    json_body.known_only(asked, SELECTION)
    rows = selection(asked)
    state = request.app[STATE]
    plan = await asyncio.get_running_loop().run_in_executor(state.searches, state.store.explain, rows)
    description = describe(rows.node, time.time_ns())
    return json_response({**asdict(description), "scan": _scan(plan)})


async def complete(request: web.Request) -> web.Response:
    """Offer what can stand at the caret: fields, then their values by frequency, and keywords."""
    require(request, Scope.READ)
    asked = await json_body.read_object(request)
    json_body.known_only(asked, _COMPLETE_FIELDS)
    query = json_body.text(asked, "query")
    position = json_body.whole_number(asked, "position", len(query), range(len(query) + 1))
    completion = _completion(query, position)
    state = request.app[STATE]
    rows = _rows(asked)
    fields, values = await asyncio.get_running_loop().run_in_executor(
        state.searches, _known, state.store, completion, rows
    )
    return json_response(
        {
            "start": completion.start,
            "end": completion.end,
            "suggestions": [asdict(suggestion) for suggestion in suggest(completion, fields, values)],
        }
    )


def _completion(query: str, position: int) -> Completion:
    try:
        return completion_at(query, position)
    except QuerySyntaxError as error:
        raise SearchSyntaxError(
            f"column {error.column}: {error.message}", column=error.column, expected=list(error.expected)
        ) from None


def _rows(asked: Mapping[str, object]) -> Selection:
    """The rows whose fields and values are offered; what is typed so far doesn't narrow them."""
    return Selection(MatchAll(), *time_range(asked))


def _known(store: Store, completion: Completion, rows: Selection) -> tuple[_Counted, _Counted]:
    """Fields and values by frequency, as far as a moment reaches: the newest rows are read first."""
    budget = Budget(limits.COMPLETION_TIME_S)
    match completion.wanted:
        case FieldName():
            return [(use.field, use.rows) for use in store.fields(rows, budget).fields], []
        case FieldValue(field) if (name := CANONICAL_NAMES.get(field, field)) not in TIME_FIELDS:
            if len(name) > limits.ASKED_NAME_CHARACTERS:
                raise InvalidFieldError(
                    f"query: names of fields have at most {limits.ASKED_NAME_CHARACTERS} characters",
                    field="query",
                )
            (facet,) = store.facets(rows, [name], limits.FACET_VALUES, budget).facets
            return [], facet.values
        case _:
            return [], []


def _scan(plan: Plan) -> dict[str, object]:
    opened = [part for part in plan.parts if part.use is Use.OPENED]
    return {
        "parts": {use.value: sum(part.use is use for part in plan.parts) for use in Use},
        "rows": sum(part.rows for part in opened),
        "size_bytes": sum(part.size_bytes for part in opened),
        "decided_ms": round(plan.decided_ms, 3),
        "opened": [_opened(part) for part in opened[: limits.EXPLAINED_PARTS]],
    }


def _opened(part: PartUse) -> dict[str, object]:
    return {
        "kind": part.kind.value,
        "first": format_ns(part.first_ns),
        "last": format_ns(part.last_ns),
        "rows": part.rows,
        "size_bytes": part.size_bytes,
    }
