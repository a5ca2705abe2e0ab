"""Routes of the bulk API."""

import time
from http import HTTPStatus

import orjson
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
_DOCUMENT_PATHS = (
    "/{lead:/*}{index:[^/]+}{gap:/+}{operation:_doc|_create}{end:/*}",
    "/{lead:/*}{index:[^/]+}{gap:/+}{operation:_doc|_create}/{id:[^/]+}{end:/*}",
)


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    for path in _PATHS:
        for method in (hdrs.METH_POST, hdrs.METH_PUT):
            app.router.add_route(method, path, take_bulk)
    for path in _DOCUMENT_PATHS:
        for method in (hdrs.METH_POST, hdrs.METH_PUT):
            app.router.add_route(method, path, take_document)
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


async def take_document(request: web.Request) -> web.Response:
    """Take one document; it is answered as the only item of a bulk request would be."""
    index, id_ = request.match_info["index"], request.match_info.get("id")
    action = orjson.dumps({"create": {"_index": index, "_id": id_}})

    def decode_document(body: bytes) -> Bulk:
        # A document may be written over several lines here.
        return decode(action + b"\n" + body.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n", None)

    def answer(bulk: Bulk) -> web.Response:
        result = orjson.loads(bulk.results)["create"]
        if not bulk.errors:
            return json_answer(request, orjson.dumps(result), HTTPStatus.CREATED)
        error = {"root_cause": [result["error"]], **result["error"]}
        body = {"error": error, "status": result["status"]}
        return json_answer(request, orjson.dumps(body), result["status"])

    dialect = Dialect(_SOURCE, answer, lambda error: refuse(request, error))
    return await take(request, dialect, decode_document)
