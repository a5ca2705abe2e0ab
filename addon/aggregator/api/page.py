"""The aggregator's own page: the built files of the frontend."""

from pathlib import Path

from aiohttp import web

from aggregator.api.responses import Handler

_FOLDER = Path(__file__).parent.parent / "page"
_NOT_BUILT = "The page is not built. In the project's folder: cd frontend && npm ci && npm run build\n"
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def add_routes(app: web.Application) -> None:
    """Add the routes to an application."""
    app.router.add_get("/", index)
    if (_FOLDER / "assets").is_dir():
        app.router.add_static("/assets", _FOLDER / "assets")


async def index(_request: web.Request) -> web.StreamResponse:
    """Answer with the page."""
    file = _FOLDER / "index.html"
    if not file.exists():
        return web.Response(text=_NOT_BUILT, status=web.HTTPServiceUnavailable.status_code)
    return web.FileResponse(file, headers={"Cache-Control": "no-cache"})


@web.middleware
async def protect(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell browsers to run nothing but the page's own files."""
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_SECURITY)
    return response
