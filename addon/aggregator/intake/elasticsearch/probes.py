"""What clients ask Elasticsearch for before they send: who it is, and whether its templates are there.

Filebeat, Logstash and Vector give up where one of these is not answered as they expect. What they would set
up (templates, policies, pipelines) is not needed here: it is said to be there.
"""

from collections.abc import Callable

import orjson
from aiohttp import hdrs, web

from aggregator.errors import AggregatorError
from aggregator.intake.access import require_ingest
from aggregator.intake.elasticsearch.answers import VERSION, json_answer, refuse
from aggregator.state import STATE

type _Content = Callable[[web.Request, str], object]

_NAME = "ha-ingestor"
_GET = (hdrs.METH_GET, hdrs.METH_HEAD)
_SET_UP = (hdrs.METH_PUT, hdrs.METH_POST, hdrs.METH_DELETE)


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    for path, content in _CONTENTS.items():
        _add(app, _GET, path, content)
    for path, content in _SET_UP_BY_CLIENTS.items():
        _add(app, _GET, path, content)
        _add(app, _SET_UP, path, _acknowledged)
    for path in ("_refresh", "_flush", "{name:[^/]+}/_refresh", "{name:[^/]+}/_flush"):
        _add(app, (*_GET, hdrs.METH_POST), path, _refreshed)
    _add(app, (hdrs.METH_HEAD, hdrs.METH_PUT), "{name:[^/_][^/]*}", _index_made)


def _add(app: web.Application, methods: tuple[str, ...], path: str, content: _Content) -> None:
    async def answer(request: web.Request) -> web.Response:
        try:
            require_ingest(request)
        except AggregatorError as error:
            request.app[STATE].self_metrics.request_refused("elasticsearch", error.code)
            response = refuse(request, error)
            response.headers.update(error.headers)
            return response
        return json_answer(request, orjson.dumps(content(request, request.match_info.get("name", ""))))

    for method in methods:
        app.router.add_route(method, f"/{{lead:/*}}{path}{{end:/*}}", answer)


def _identity(request: web.Request, _name: str) -> object:
    return {
        "name": _NAME,
        "cluster_name": _NAME,
        "cluster_uuid": request.app[STATE].instance_id,
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "docker",
            "build_hash": "unknown",
            "build_date": "2025-07-23T22:05:54.000000000Z",
            "build_snapshot": False,
            "lucene_version": "9.12.1",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    }


def _license(request: web.Request, _name: str) -> object:
    return {
        "license": {
            "status": "active",
            "uid": request.app[STATE].instance_id,
            "type": "basic",
            "mode": "basic",
            "issued_to": _NAME,
            "issuer": "elasticsearch",
            "max_nodes": 1000,
        }
    }


def _xpack(request: web.Request, _name: str) -> object:
    off = {"available": True, "enabled": False}
    license_ = {
        "uid": request.app[STATE].instance_id,
        "type": "basic",
        "mode": "basic",
        "status": "active",
    }
    return {"license": license_, "features": {"ilm": off, "monitoring": off, "security": off}}


def _health(_request: web.Request, _name: str) -> object:
    return {
        "cluster_name": _NAME,
        "status": "green",
        "timed_out": False,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        "active_primary_shards": 1,
        "active_shards": 1,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "active_shards_percent_as_number": 100.0,
    }


def _nodes(request: web.Request, _name: str) -> object:
    # The address by which the client reached us is the only one that it surely can use.
    address = request.host
    node = {
        "name": _NAME,
        "version": VERSION,
        "roles": ["data", "ingest", "master"],
        "http": {"bound_address": [address], "publish_address": address},
    }
    return {
        "_nodes": {"total": 1, "successful": 1, "failed": 0},
        "cluster_name": _NAME,
        "nodes": {request.app[STATE].instance_id: node},
    }


def _user(_request: web.Request, _name: str) -> object:
    return {"username": "ingest", "roles": [], "enabled": True, "metadata": {}}


def _policies(_request: web.Request, name: str) -> object:
    return {name: {"version": 1, "policy": {"phases": {}}}} if name else {}


def _index_templates(_request: web.Request, name: str) -> object:
    template = {"name": name, "index_template": {"index_patterns": ["*"], "composed_of": []}}
    return {"index_templates": [template] if name else []}


def _component_templates(_request: web.Request, name: str) -> object:
    template = {"name": name, "component_template": {"template": {}}}
    return {"component_templates": [template] if name else []}


def _templates(_request: web.Request, name: str) -> object:
    return {name: {"index_patterns": ["*"], "settings": {}, "mappings": {}}} if name else {}


def _pipelines(_request: web.Request, name: str) -> object:
    return {name: {"processors": []}} if name else {}


def _data_streams(_request: web.Request, name: str) -> object:
    stream = {"name": name, "timestamp_field": {"name": "@timestamp"}, "indices": [], "status": "GREEN"}
    return {"data_streams": [stream] if name else []}


def _aliases(_request: web.Request, name: str) -> object:
    return {name: {"aliases": {name: {"is_write_index": True}}}} if name else {}


def _acknowledged(_request: web.Request, _name: str) -> object:
    return {"acknowledged": True}


def _refreshed(_request: web.Request, _name: str) -> object:
    return {"_shards": {"total": 1, "successful": 1, "failed": 0}}


def _index_made(_request: web.Request, name: str) -> object:
    return {"acknowledged": True, "shards_acknowledged": True, "index": name}


_CONTENTS: dict[str, _Content] = {
    "": _identity,
    "_license": _license,
    "_xpack": _xpack,
    "_cluster/health": _health,
    "_nodes": _nodes,
    "_nodes/http": _nodes,
    "_nodes/ingest": _nodes,
    "_nodes/_all/http": _nodes,
    "_security/_authenticate": _user,
}

_SET_UP_BY_CLIENTS: dict[str, _Content] = {
    path: content
    for folder, content in {
        "_ilm/policy": _policies,
        "_index_template": _index_templates,
        "_component_template": _component_templates,
        "_template": _templates,
        "_ingest/pipeline": _pipelines,
        "_data_stream": _data_streams,
        "_alias": _aliases,
    }.items()
    for path in (folder, folder + "/{name:[^/]+}")
}
