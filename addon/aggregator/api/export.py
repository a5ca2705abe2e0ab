"""The export route: all rows of a selection as one file, streamed while it is made."""

import asyncio
from collections.abc import Generator

import structlog
from aiohttp import hdrs, web

from aggregator import limits
from aggregator.api import json_body
from aggregator.api.auth import require
from aggregator.api.reading import SELECTION, selection
from aggregator.api.responses import ends_with_client
from aggregator.errors import AggregatorError, OverloadedError
from aggregator.state import STATE, State
from aggregator.store.read.budget import Budget
from aggregator.store.reads import ExportFormat
from aggregator.tokens import Scope

_log = structlog.get_logger(__name__)
_FIELDS = SELECTION | {"format"}
_CONTENT_TYPES = {
    ExportFormat.NDJSON: "application/x-ndjson",
    ExportFormat.CSV: "text/csv",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}
_RUNNING: web.AppKey[set[Budget]] = web.AppKey("exports", set)


def add_routes(app: web.Application) -> None:
    """Add the route to an application."""
    app[_RUNNING] = set()
    app.router.add_post("/api/v1/export", export)
    app.on_shutdown.append(_cancel_all)


@ends_with_client
async def export(request: web.Request) -> web.StreamResponse:
    """Send all rows of a selection, the oldest first; a connection that breaks off sent not all of them."""
    require(request, Scope.READ)
    fields = await json_body.read_object(request)
    json_body.known_only(fields, _FIELDS)
    rows = selection(fields)
    export_format = ExportFormat(json_body.choice(fields, "format", tuple(ExportFormat)))
    running = request.app[_RUNNING]
    if len(running) >= limits.EXPORTS_AT_ONCE:
        raise OverloadedError(f"{limits.EXPORTS_AT_ONCE} exports run already")
    state = request.app[STATE]
    budget = Budget(limits.EXPORT_TIME_S)
    pieces = _Pieces(state, state.store.export(rows, export_format, budget), budget)
    running.add(budget)
    try:
        # What fails before anything is sent is answered as an error.
        piece = await pieces.next()
        response = web.StreamResponse(
            headers={
                hdrs.CONTENT_TYPE: _CONTENT_TYPES[export_format],
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="logs.{export_format}"',
            }
        )
        await response.prepare(request)
        await _send(request, response, piece, pieces)
    finally:
        running.discard(budget)
        await pieces.close()
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, piece: bytes | None, pieces: "_Pieces"
) -> None:
    try:
        while piece is not None:
            await response.write(piece)
            piece = await pieces.next()
        await response.write_eof()
    except AggregatorError as error:
        _log.warning("export broke off", error=error.message)
        # The only way to tell the client that the file is not whole.
        if request.transport is not None:
            request.transport.abort()


async def _cancel_all(app: web.Application) -> None:
    running: set[Budget] = app[_RUNNING]
    for budget in tuple(running):
        budget.cancel()


class _Pieces:
    """The pieces of an export, each made in a thread.

    Args:
        state: the aggregator.
        pieces: makes them.
        budget: to cancel with what makes them.
    """

    def __init__(self, state: State, pieces: Generator[bytes], budget: Budget) -> None:
        self._threads = state.searches
        self._pieces = pieces
        self._budget = budget
        self._making: asyncio.Future[bytes | None] | None = None

    async def next(self) -> bytes | None:
        """Make the next piece; None at the end."""
        loop = asyncio.get_running_loop()
        self._making = loop.run_in_executor(self._threads, next, self._pieces, None)
        return await asyncio.shield(self._making)

    async def close(self) -> None:
        """Let go of what the export holds, also when its client is gone."""
        self._budget.cancel()
        if self._making is not None:
            await asyncio.wait([self._making])
        await asyncio.get_running_loop().run_in_executor(self._threads, self._pieces.close)
