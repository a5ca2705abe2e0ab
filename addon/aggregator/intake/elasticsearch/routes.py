"""Routes of the bulk API."""

import time

from aiohttp import hdrs, web

from aggregator.intake.elasticsearch import probes
from aggregator.intake.elasticsearch.answers import json_answer, refuse
from aggregator.intake.elasticsearch.bulk import Bulk, decode
from aggregator.intake.taking import Dialect, take

_SOURCE = "elasticsearch"
_PATHS = (
    "/{lead:/*}_bulk{end:/*}",
    "/{lead:/*}{index:[^/]+}{gap:/+}_bulk{end:/*}",
    # Clients of Elasticsearch 6 name a type too.
    "/{lead:/*}{index:[^/]+}{gap:/+}{type:[^/]+}{other_gap:/+}_bulk{end:/*}",
)


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    for path in _PATHS:
        for method in (hdrs.METH_POST, hdrs.METH_PUT):
            app.router.add_route(method, path, take_bulk)
    probes.add_routes(app)


async def take_bulk(request: web.Request) -> web.Response:
    """Take documents; the answer has a result for each."""
    began_s = time.monotonic()
    index = request.match_info.get("index")
    wanted = request.query.get("filter_path", "")
    brief = "items" in wanted and "_id" not in wanted

    def answer(bulk: Bulk) -> web.Response:
        took_ms = round((time.monotonic() - began_s) * 1000)
        errors = b"true" if bulk.errors else b"false"
        body = b'{"took":%d,"errors":%b,"items":[%b]}' % (took_ms, errors, bulk.results)
        return json_answer(request, body)

    dialect = Dialect(_SOURCE, answer, lambda error: refuse(request, error))
    return await take(request, dialect, lambda body: decode(body, index, brief=brief))
