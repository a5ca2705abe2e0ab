"""Routes of Loki's push API."""

from http import HTTPStatus

from aiohttp import web

from aggregator.errors import AggregatorError, OverloadedError
from aggregator.intake.decoded import Decoded
from aggregator.intake.loki import json_push, protobuf_push
from aggregator.intake.taking import Dialect, take


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    for path in ("/loki/api/v1/push", "/api/prom/push"):
        app.router.add_post(path, take_push)
    app.router.add_get("/ready", tell_ready)


async def take_push(request: web.Request) -> web.Response:
    """Take a push; the answer is empty when all of it is stored."""
    return await take(request, _LOKI, _decode)


async def tell_ready(_request: web.Request) -> web.Response:
    """Answer that pushes are taken, as Loki does to everybody."""
    return web.Response(text="ready\n")


def _decode(body: bytes) -> Decoded:
    # Content types and encodings don't tell: winston-loki names none for what it compressed by Snappy.
    return json_push.decode(body) if body.lstrip()[:1] == b"{" else protobuf_push.decode(body)


def _answer(decoded: Decoded) -> web.Response:
    if not decoded.errors:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    listed = "\n".join(decoded.refusals("entries", "entry"))
    return web.Response(text=f"{listed}\n", status=HTTPStatus.BAD_REQUEST)


def _refuse(error: AggregatorError) -> web.Response:
    status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, OverloadedError) else error.status
    return web.Response(text=f"{error.message}\n", status=status)


_LOKI: Dialect[Decoded] = Dialect("loki", _answer, _refuse, own_encodings=frozenset({"snappy"}))
