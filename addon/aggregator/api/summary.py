"""Routes that answer with numbers of lines: count, histogram, facets, fields, aggregates."""

from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web

from aggregator import limits
from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.reading import SELECTION, answered, field_names, selection, step_ns
from aggregator.api.responses import ends_with_client, json_response
from aggregator.errors import InvalidFieldError
from aggregator.record.fields import CANONICAL_NAMES, TIME_FIELDS
from aggregator.record.output import format_ns
from aggregator.store.reads import Aggregate, CountOverTime, Function, Group
from aggregator.tokens import Scope

_HISTOGRAM_FIELDS = SELECTION | {"step_s", "buckets", "by_service"}
_FACETS_FIELDS = SELECTION | {"fields", "limit"}
_AGGREGATE_FIELDS = SELECTION | {"functions", "field", "by", "step_s"}
_OF_ROWS = frozenset({Function.COUNT, Function.RATE})
"""Functions that need no field."""

_NS_PER_S = 10**9


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_post("/api/v1/count", count)
    app.router.add_post("/api/v1/histogram", histogram)
    app.router.add_post("/api/v1/facets", facets)
    app.router.add_post("/api/v1/fields", fields)
    app.router.add_post("/api/v1/aggregate", aggregate)


@ends_with_client
async def count(request: web.Request) -> web.Response:
    """Count lines."""
    rows = selection(await _fields(request, SELECTION))
    found, duration_ms = await answered(request, lambda store, budget: store.count(rows, budget))
    return json_response({"rows": found.rows, "partial": found.partial, "duration_ms": duration_ms})


@ends_with_client
async def histogram(request: web.Request) -> web.Response:
    """Count lines by level over time."""
    asked = await _fields(request, _HISTOGRAM_FIELDS)
    over_time = CountOverTime(
        selection(asked),
        step_ns(asked),
        json_body.whole_number(asked, "buckets", 60, range(1, limits.BUCKETS)),
        json_body.flag(asked, "by_service"),
    )
    found, duration_ms = await answered(request, lambda store, budget: store.histogram(over_time, budget))
    buckets: list[dict[str, object]] = []
    for bucket in found.buckets:
        start = format_ns(bucket.start_ns)
        shown: dict[str, object] = {"time": start, "level": bucket.level, "rows": bucket.rows}
        buckets.append(shown | {"service": bucket.service} if over_time.by_service else shown)
    return json_response(
        {
            "step_s": found.step_ns // _NS_PER_S,
            "buckets": buckets,
            "partial": found.partial,
            "duration_ms": duration_ms,
        }
    )


@ends_with_client
async def facets(request: web.Request) -> web.Response:
    """Find the most frequent values of fields."""
    asked = await _fields(request, _FACETS_FIELDS)
    rows = selection(asked)
    names = field_names(asked, "fields", range(1, limits.FACET_FIELDS + 1))
    limit = json_body.whole_number(asked, "limit", 10, range(1, limits.FACET_VALUES + 1))
    found, duration_ms = await answered(
        request, lambda store, budget: store.facets(rows, names, limit, budget)
    )
    shown = {
        facet.field: {
            "values": [{"value": value, "rows": number} for value, number in facet.values],
            "distinct": facet.distinct,
            "rows": facet.rows,
        }
        for facet in found.facets
    }
    return json_response({"facets": shown, "partial": found.partial, "duration_ms": duration_ms})


@ends_with_client
async def fields(request: web.Request) -> web.Response:
    """Find the fields that occur."""
    rows = selection(await _fields(request, SELECTION))
    found, duration_ms = await answered(request, lambda store, budget: store.fields(rows, budget))
    return json_response(
        {
            "fields": [asdict(use) for use in found.fields],
            "partial": found.partial,
            "duration_ms": duration_ms,
        }
    )


@ends_with_client
async def aggregate(request: web.Request) -> web.Response:
    """Compute numbers of a field, group by group."""
    asked = _aggregate(await _fields(request, _AGGREGATE_FIELDS))
    found, duration_ms = await answered(request, lambda store, budget: store.aggregate(asked, budget))
    return json_response(
        {
            "groups": [_group(asked, group) for group in found.groups],
            "exact": found.exact,
            "partial": found.partial,
            "duration_ms": duration_ms,
        }
    )


async def _fields(request: web.Request, known: frozenset[str]) -> Mapping[str, object]:
    require(request, Scope.READ)
    asked = await json_body.read_object(request)
    json_body.known_only(asked, known)
    return asked


def _aggregate(asked: Mapping[str, object]) -> Aggregate:
    functions = _functions(asked)
    field = json_body.text(asked, "field") or None
    if field is None and not _OF_ROWS.issuperset(functions):
        raise InvalidFieldError("field: is needed for all functions but count and rate", field="field")
    if field is not None and len(field) > limits.ASKED_NAME_CHARACTERS:
        raise InvalidFieldError(
            f"field: a name of at most {limits.ASKED_NAME_CHARACTERS} characters", field="field"
        )
    by = field_names(asked, "by", range(limits.GROUP_FIELDS + 1))
    for name, value in (("field", field), *(("by", each) for each in by)):
        if value is not None and CANONICAL_NAMES.get(value) in TIME_FIELDS:
            raise InvalidFieldError(f"{name}: {value} is a time; step_s groups by time", field=name)
    return Aggregate(selection(asked), functions, field, by, step_ns(asked))


def _functions(asked: Mapping[str, object]) -> list[Function]:
    names = asked.get("functions", ["count"])
    known = [function.value for function in Function]
    if not isinstance(names, list) or not names or any(name not in known for name in names):
        raise InvalidFieldError(f"functions: a list of {', '.join(known)}", field="functions")
    return [Function(name) for name in dict.fromkeys(names)]


def _group(asked: Aggregate, group: Group) -> dict[str, object]:
    shown: dict[str, object] = {} if group.start_ns is None else {"time": format_ns(group.start_ns)}
    if asked.by:
        shown["by"] = dict(zip(asked.by, group.key, strict=True))
    return shown | {function.value: value for function, value in group.values.items()}
