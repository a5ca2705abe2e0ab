"""Routes of the protocol."""

from aiohttp import web

from aggregator.intake.decoded import Decoded
from aggregator.intake.otlp import json_logs, protobuf_logs
from aggregator.intake.otlp.answers import JSON, PROTOBUF, answer, refuse
from aggregator.intake.taking import Dialect, take

_SOURCE = "otlp"
_PATHS = ("/v1/logs", "/otlp/v1/logs", "/insert/opentelemetry/v1/logs")
"""OpenTelemetry's own, Loki's and VictoriaLogs'."""


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    for path in _PATHS:
        app.router.add_post(path, take_logs)


async def take_logs(request: web.Request) -> web.Response:
    """Take log records, in protobuf or JSON; the answer is in the same."""
    kind = JSON if request.content_type.endswith("json") else PROTOBUF
    decode = json_logs.decode if kind == JSON else protobuf_logs.decode
    dialect = Dialect[Decoded](
        _SOURCE, lambda decoded: answer(decoded, kind), lambda error: refuse(error, kind)
    )
    return await take(request, dialect, decode)
