"""The application of the intake port: routes that take lines, each protocol's own, and what senders need."""

from aiohttp import web

from aggregator import limits
from aggregator.api import health, levels
from aggregator.api.responses import answer_errors, finish
from aggregator.intake import gelf_http, routes
from aggregator.intake.datadog import routes as datadog
from aggregator.intake.elasticsearch import routes as elasticsearch
from aggregator.intake.loki import routes as loki
from aggregator.intake.otlp import routes as otlp
from aggregator.intake.splunk import routes as splunk
from aggregator.state import STATE, State


def make_intake_app(state: State) -> web.Application:
    """Build the application on parts that run already.

    Args:
        state: the parts; they are closed after this application.
    """
    app = web.Application(middlewares=[answer_errors, finish], client_max_size=limits.BODY_BYTES)
    app[STATE] = state
    # Elasticsearch's last, since any path of one name is an index.
    for protocol in (routes, loki, otlp, splunk, datadog, gelf_http, health, elasticsearch):
        protocol.add_routes(app)
    levels.add_service_routes(app)
    return app
