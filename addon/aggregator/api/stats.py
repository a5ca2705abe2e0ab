"""Statistics: what services did lately, how much is stored, what the machine has left."""

import asyncio
import time
from dataclasses import asdict

from aiohttp import web

from aggregator import __version__
from aggregator.api.auth import require
from aggregator.api.responses import json_response
from aggregator.api.retention import alert_to_json
from aggregator.record.output import format_ns
from aggregator.state import STATE, State
from aggregator.tokens import Scope


def add_routes(app: web.Application) -> None:
    """Add the route to an application."""
    app.router.add_get("/api/v1/stats", stats)


async def stats(request: web.Request) -> web.Response:
    """Answer with the present statistics."""
    require(request, Scope.READ)
    return json_response(await snapshot(request.app[STATE]))


async def snapshot(state: State) -> dict[str, object]:
    """Collect the statistics, in a thread."""
    return await asyncio.get_running_loop().run_in_executor(state.searches, _collect, state)


def _collect(state: State) -> dict[str, object]:
    now_s = time.time()
    activity = state.store.activity.snapshot(now_s)
    usage = state.usage.sample()
    size = state.store.size()
    dropped = state.self_metrics.dropped_by_reason()
    return {
        "id": state.instance_id,
        "version": __version__,
        "time": format_ns(int(now_s) * 10**9),
        "totals": {
            "lines_per_s": sum(service.lines_per_s for service in activity.values()),
            "errors_per_s": sum(service.errors_per_s for service in activity.values()),
            "errors_last_hour": sum(service.errors_last_hour for service in activity.values()),
            "dropped": sum(dropped.values()),
            "dropped_by_reason": dropped,
        },
        "store": {
            "rows": size.rows,
            "size_bytes": size.size_bytes,
            "segments": size.segments,
            "oldest": None if size.first_ns is None else format_ns(size.first_ns),
            "newest": None if size.last_ns is None else format_ns(size.last_ns),
            "alerts": [alert_to_json(alert) for alert in state.store.alerts],
        },
        "host": {
            "cpu_percent": usage.host.cpu_percent,
            "memory_percent": usage.host.memory_percent,
            "disk_percent": usage.host.disk_percent,
            "disk_free_bytes": usage.host.disk_free_bytes,
        },
        "aggregator": {
            "cpu_percent": usage.process.cpu_percent,
            "memory_bytes": usage.process.memory_bytes,
            "uptime_s": usage.process.uptime_s,
        },
        "sources": {
            source: {
                "lines": counts.lines,
                "bytes": counts.size_bytes,
                "refused_lines": counts.refused_lines,
                "refused_requests": counts.refused_requests,
            }
            for source, counts in state.self_metrics.by_source().items()
        },
        "pulled": {name: asdict(status) for name, status in state.pulled.statuses().items()},
        "services": {
            name: {
                "lines_per_s": service.lines_per_s,
                "errors_per_s": service.errors_per_s,
                "error_percent": service.error_percent,
                "errors_last_hour": service.errors_last_hour,
                "last_seen": format_ns(int(service.last_seen_s) * 10**9),
                "events_per_s": state.latest.events_per_s(name, now_s),
            }
            for name, service in sorted(activity.items())
            if name
        },
    }
