"""Retention routes: what went, and what would go."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.responses import json_response
from aggregator.record.output import format_ns
from aggregator.settings import rule_to_json
from aggregator.state import STATE, State
from aggregator.store.keep.alerts import Alert
from aggregator.store.keep.removal import Removed, Report
from aggregator.tokens import Scope


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_get("/api/v1/retention", read)
    app.router.add_post("/api/v1/retention/preview", preview)


async def read(request: web.Request) -> web.Response:
    """Answer with what went lately and what comes next."""
    require(request, Scope.READ)
    state = request.app[STATE]
    return json_response(await asyncio.get_running_loop().run_in_executor(state.searches, _state, state))


async def preview(request: web.Request) -> web.Response:
    """Answer with what would go by the present settings with some changed."""
    require(request, Scope.READ)
    state = request.app[STATE]
    changes = await json_body.read_object(request)
    report = await asyncio.get_running_loop().run_in_executor(state.searches, _preview, state, changes)
    return json_response(report_to_json(report))


def report_to_json(report: Report) -> dict[str, object]:
    """Return what went, or would go, as clients get it."""
    return {
        "time": format_ns(report.time_ns),
        "rows": report.rows,
        "size_bytes": report.size_bytes,
        "segments": report.segments,
        "rewritten": report.rewritten,
        "archived": report.archived,
        "failed": report.failed,
        **_span(report.removed),
        "by_cause": [
            {
                "cause": removed.cause.value,
                "rule": None if removed.rule is None else rule_to_json(removed.rule),
                "rows": removed.rows,
                "size_bytes": removed.size_bytes,
                **_span([removed]),
            }
            for removed in report.removed
        ],
    }


def alert_to_json(alert: Alert) -> dict[str, object]:
    """Return an alert as clients get it."""
    return {"code": alert.code, "message": alert.message, "since": format_ns(alert.since_ns)}


def _preview(state: State, changes: Mapping[str, object]) -> Report:
    return state.store.preview_retention(state.settings.settings.changed(changes).policy)


def _state(state: State) -> dict[str, object]:
    retention = state.store.retention
    return {
        "last": None if retention.last is None else report_to_json(retention.last),
        "last_removal": None if retention.last_removal is None else report_to_json(retention.last_removal),
        "next": None if retention.next_ns is None else format_ns(retention.next_ns),
        "disk_free_bytes": retention.room.free_bytes,
        "disk_reserve_bytes": retention.room.reserve_bytes,
        "alerts": [alert_to_json(alert) for alert in state.store.alerts],
    }


def _span(removed: list[Removed] | tuple[Removed, ...]) -> dict[str, str | None]:
    first_ns = min((item.first_ns for item in removed), default=None)
    last_ns = max((item.last_ns for item in removed), default=None)
    return {
        "oldest": None if first_ns is None else format_ns(first_ns),
        "newest": None if last_ns is None else format_ns(last_ns),
    }
