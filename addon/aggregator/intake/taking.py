"""Takes bodies of lines, whatever protocol they come in.

A protocol is a pure decoder and a dialect: its name and how it words its answers. Everything else is the
same for all of them and happens here: the token, the limits, the store, and the count of what was taken and
refused.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from aggregator.api.responses import error_response
from aggregator.errors import AggregatorError
from aggregator.intake.access import require_ingest
from aggregator.intake.body import read_body
from aggregator.intake.decoded import Decoded
from aggregator.state import STATE


@dataclass(frozen=True, slots=True)
class Dialect[Result: Decoded]:
    """How a protocol answers.

    Args:
        source: its name, which its lines have as `source`; refusals are counted by it.
        answer: says what became of a body whose good lines are on the disk.
        refuse: says that nothing of a body was taken; `take` adds the error's headers, such as Retry-After.
        own_encodings: values of Content-Encoding that the decoder undoes by itself.
    """

    source: str
    answer: Callable[[Result], web.Response]
    refuse: Callable[[AggregatorError], web.Response] = error_response
    own_encodings: frozenset[str] = frozenset()


async def take[Result: Decoded](
    request: web.Request,
    dialect: Dialect[Result],
    decode: Callable[[bytes], Result],
    *,
    name_source: Callable[[web.Request], str] | None = None,
) -> web.Response:
    """Take the lines of a request; the answer comes when they are on the disk.

    Args:
        request: the request; its application leaves bodies compressed.
        dialect: how to answer.
        decode: makes lines of the decompressed body, in a thread; raises an `AggregatorError` where nothing
            of it can be taken.
        name_source: finds the `source` of the lines, for a protocol whose senders name it.
    """
    state = request.app[STATE]
    source = dialect.source
    decoded = None
    try:
        require_ingest(request)
        if name_source is not None:
            source = name_source(request)
        decoded = await _decoded(request, dialect, decode)
        if decoded.rows:
            await asyncio.wrap_future(state.store.append(decoded.lines, decoded.rows, source))
    except AggregatorError as error:
        state.self_metrics.request_refused(source, error.code)
        if decoded is not None:
            state.self_metrics.lines_refused(source, error.code, decoded.rows)
        response = dialect.refuse(error)
        response.headers.update(error.headers)
        # What is left of a refused body is not worth reading.
        if not request.content.is_eof():
            response.force_close()
        return response
    if decoded.rows:
        state.self_metrics.lines_taken(source, decoded.rows, len(decoded.lines))
    for reason, count in decoded.refused().items():
        state.self_metrics.lines_refused(source, reason, count)
    return dialect.answer(decoded)


async def _decoded[Result: Decoded](
    request: web.Request, dialect: Dialect[Result], decode: Callable[[bytes], Result]
) -> Result:
    """Read a body and decode it; the body is let go of before its lines wait to be stored."""
    state = request.app[STATE]
    with state.body_room.hold() as hold:
        body = await read_body(request, state.intake, passed=dialect.own_encodings, hold=hold)
        return await asyncio.get_running_loop().run_in_executor(state.intake, decode, body)
