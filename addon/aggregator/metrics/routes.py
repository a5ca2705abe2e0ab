"""Routes that take and publish metrics."""

import asyncio
import time

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from aggregator import limits
from aggregator.api.auth import require
from aggregator.api.responses import json_response
from aggregator.errors import InvalidBodyError, InvalidFieldError, UnsupportedEncodingError
from aggregator.intake.body import read_body
from aggregator.metrics import exposition, federation, grouping, line_protocol
from aggregator.metrics.latest import Outcome
from aggregator.metrics.line_protocol import Precision
from aggregator.metrics.samples import Decoded, DropReason
from aggregator.sources.source import Phase
from aggregator.state import STATE, State
from aggregator.tokens import Scope


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    for method in ("PUT", "POST"):
        app.router.add_route(method, grouping.PREFIX + "{grouping:job.*}", take_push)
    app.router.add_post("/api/v2/write", take_points)
    app.router.add_get("/metrics", publish)


async def take_push(request: web.Request) -> web.Response:
    """Take a push of Prometheus text: PUT replaces its group, POST the families that it brings."""
    require(request, Scope.INGEST)
    if request.content_type.endswith("protobuf"):
        raise UnsupportedEncodingError("protobuf is not taken: push the Prometheus text format")
    try:
        group = grouping.parse(request.raw_path.partition("?")[0])
    except ValueError as error:
        raise InvalidFieldError(str(error), field="job") from error
    replace_group = request.method == "PUT"
    body = await _read(request)
    state = request.app[STATE]

    def take() -> tuple[Decoded, Outcome]:
        decoded = exposition.decode(body)
        if decoded.errors and not decoded.samples:
            return decoded, Outcome()
        return decoded, state.latest.push(group, decoded.samples, time.time(), replace_group=replace_group)

    decoded, outcome = await asyncio.get_running_loop().run_in_executor(state.intake, take)
    _count("pushgateway", decoded, outcome, state)
    _raise_for_bad_lines(decoded, outcome)
    dropped = {reason.value: count for reason, count in outcome.dropped.items()}
    return json_response({"accepted": outcome.accepted, "dropped": dropped})


async def take_points(request: web.Request) -> web.Response:
    """Take points of line protocol, each with its own time and service."""
    require(request, Scope.INGEST)
    precision = _precision(request.query.get("precision", "ns"))
    bucket = request.query.get("bucket", "influxdb")
    if not 0 < len(bucket) <= limits.LABEL_VALUE_CHARACTERS:
        raise InvalidFieldError(f"bucket: 1 to {limits.LABEL_VALUE_CHARACTERS} characters", field="bucket")
    body = await _read(request)
    state = request.app[STATE]

    def take() -> tuple[Decoded, Outcome]:
        decoded = line_protocol.decode(body, precision)
        return decoded, state.latest.write(bucket, decoded.samples, time.time())

    decoded, outcome = await asyncio.get_running_loop().run_in_executor(state.intake, take)
    _count("line_protocol", decoded, outcome, state)
    _raise_for_bad_lines(decoded, outcome)
    return web.Response(status=web.HTTPNoContent.status_code)


async def publish(request: web.Request) -> web.Response:
    """Publish the aggregator's own metrics and the latest pushed ones."""
    require(request, Scope.READ)
    state = request.app[STATE]

    def collect() -> bytes:
        size = state.store.size()
        state.self_metrics.set_store(size.rows, size.size_bytes, size.segments)
        for name, status in state.pulled.statuses().items():
            is_running = status.phase is Phase.RUNNING
            state.self_metrics.set_pulled(name, is_running=is_running, lag_s=status.lag_s)
        return federation.exposition(state.self_metrics.registry, state.latest, time.time())

    body = await asyncio.get_running_loop().run_in_executor(state.searches, collect)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


async def _read(request: web.Request) -> bytes:
    return await read_body(
        request,
        request.app[STATE].intake,
        limit_bytes=limits.PUSH_BYTES,
    )


def _precision(name: str) -> Precision:
    try:
        return Precision[name.upper()]
    except KeyError:
        known = ", ".join(precision.name.lower() for precision in Precision)
        raise InvalidFieldError(f"precision: one of {known}", field="precision") from None


def _count(protocol: str, decoded: Decoded, outcome: Outcome, state: State) -> None:
    state.self_metrics.samples_taken(protocol, outcome.accepted)
    refused = {DropReason.SYNTAX: decoded.errors_total, DropReason.NOT_A_NUMBER: decoded.not_numbers}
    for reason, count in (refused | outcome.dropped).items():
        if count:
            state.self_metrics.dropped(reason.value, count)


def _raise_for_bad_lines(decoded: Decoded, outcome: Outcome) -> None:
    if decoded.errors:
        first = decoded.errors[0]
        raise InvalidBodyError(
            f"line {first.line}: {first.message} "
            f"(bad lines: {decoded.errors_total}, samples taken: {outcome.accepted})",
            line=first.line,
            accepted=outcome.accepted,
            errors=[{"line": error.line, "message": error.message} for error in decoded.errors],
            errors_total=decoded.errors_total,
        )
