"""The route that takes GELF over HTTP."""

from http import HTTPStatus

from aiohttp import web

from aggregator.intake import gelf
from aggregator.intake.decoded import Decoded
from aggregator.intake.taking import Dialect, take


def add_routes(app: web.Application) -> None:
    """Add the route to an application."""
    app.router.add_post("/gelf", take_gelf)


async def take_gelf(request: web.Request) -> web.Response:
    """Take a message, or several; the answer is empty when all are stored."""
    return await take(request, _GELF, gelf.decode_body)


def _answer(decoded: Decoded) -> web.Response:
    if not decoded.errors:
        return web.Response(status=HTTPStatus.ACCEPTED)
    listed = "\n".join(decoded.refusals("messages", "message"))
    return web.Response(text=f"{listed}\n", status=HTTPStatus.BAD_REQUEST)


# pygelf names both for its zlib.
_GELF: Dialect[Decoded] = Dialect("gelf", _answer, own_encodings=frozenset({"gzip,deflate"}))
