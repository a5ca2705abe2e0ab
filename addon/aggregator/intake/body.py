"""Bodies of requests: read within limits, decompressed in a thread."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import Executor

from aiohttp import web

from aggregator import limits
from aggregator.errors import AggregatorError, TooLargeError, UnsupportedEncodingError
from aggregator.intake.compression import DECOMPRESSORS


class RequestTimeoutError(AggregatorError):
    """A body that did not arrive in time."""

    status = 408
    code = "timeout"


async def read_body(
    request: web.Request,
    executor: Executor,
    *,
    limit_bytes: int | None = None,
    passed: Collection[str] = (),
    hold: Callable[[int], None] = lambda _size_bytes: None,
) -> bytes:
    """Read a body and undo its Content-Encoding.

    Args:
        request: the request; its application leaves bodies compressed.
        executor: threads to decompress in.
        limit_bytes: most bytes as sent, and after decompression; by default those of lines.
        passed: encodings that are left as they are.
        hold: told the bytes of each piece, and of the decompressed body; may raise.

    Raises:
        TooLargeError: a limit is passed.
        UnsupportedEncodingError: an encoding that isn't known, or more than one.
        InvalidEncodingError: the body is not what its encoding says.
        RequestTimeoutError: the body did not arrive in time.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    decompressor = DECOMPRESSORS.get(encoding)
    if decompressor is None and encoding not in {"", "identity", *passed}:
        raise UnsupportedEncodingError(
            f"Content-Encoding {encoding!r} is not known: use {', '.join(sorted(DECOMPRESSORS))} or none"
        )
    body = await _receive(request, limit_bytes or limits.BODY_BYTES, hold)
    if decompressor is None:
        return body
    loop = asyncio.get_running_loop()
    decompressed = await loop.run_in_executor(
        executor, decompressor, body, limit_bytes or limits.DECOMPRESSED_BODY_BYTES
    )
    hold(len(decompressed))
    return decompressed


async def _receive(request: web.Request, limit_bytes: int, hold: Callable[[int], None]) -> bytes:
    if request.content_length is not None and request.content_length > limit_bytes:
        raise _too_large(limit_bytes)
    # Joined once: a body that grows piece by piece is copied several times.
    pieces: list[bytes] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(limits.BODY_TIMEOUT_S):
            async for piece in request.content.iter_any():
                hold(len(piece))
                pieces.append(piece)
                size_bytes += len(piece)
                if size_bytes > limit_bytes:
                    raise _too_large(limit_bytes)
    except TimeoutError:
        raise RequestTimeoutError(f"the body did not arrive within {limits.BODY_TIMEOUT_S:.0f} s") from None
    return b"".join(pieces)


def _too_large(limit_bytes: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit_bytes} bytes", limit_bytes=limit_bytes)
