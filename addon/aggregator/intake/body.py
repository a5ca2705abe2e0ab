"""Bodies of requests: read within limits, decompressed in a thread."""

import asyncio
import io
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import Executor

from aiohttp import web

from aggregator import limits
from aggregator.errors import (
    AggregatorError,
    InvalidEncodingError,
    TooLargeError,
    UnsupportedEncodingError,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK_BYTES = 256 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class RequestTimeoutError(AggregatorError):
    """A body that did not arrive in time."""

    status = 408
    code = "timeout"


async def read_body(
    request: web.Request,
    executor: Executor,
    *,
    limit_bytes: int = limits.BODY_BYTES,
    decompressed_limit_bytes: int = limits.DECOMPRESSED_BODY_BYTES,
) -> bytes:
    """Read a body and undo its Content-Encoding.

    Args:
        request: the request; its application leaves bodies compressed.
        executor: threads to decompress in.
        limit_bytes: most bytes as sent.
        decompressed_limit_bytes: most bytes after decompression.

    Raises:
        TooLargeError: either limit is passed.
        UnsupportedEncodingError: an encoding that isn't known, or more than one.
        InvalidEncodingError: the body is not what its encoding says.
        RequestTimeoutError: the body did not arrive in time.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    decompressor = _DECOMPRESSORS.get(encoding)
    if decompressor is None and encoding not in {"", "identity"}:
        raise UnsupportedEncodingError(
            f"Content-Encoding {encoding!r} is not known: use {', '.join(sorted(_DECOMPRESSORS))} or none"
        )
    body = await _receive(request, limit_bytes)
    if decompressor is None:
        return body
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(executor, decompressor, body, decompressed_limit_bytes)


async def _receive(request: web.Request, limit_bytes: int) -> bytes:
    if request.content_length is not None and request.content_length > limit_bytes:
        raise _too_large(limit_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit_bytes:
                    raise _too_large(limit_bytes)
    except TimeoutError:
        raise RequestTimeoutError(f"the body did not arrive within {limits.BODY_TIMEOUT_S:.0f} s") from None
    return bytes(body)


def _too_large(limit_bytes: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit_bytes} bytes", limit_bytes=limit_bytes)


def _gunzip(body: bytes, limit_bytes: int) -> bytes:
    pieces = []
    left_bytes = limit_bytes + 1
    while body and left_bytes > 0:
        stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            piece = stream.decompress(body, left_bytes)
        except zlib.error as error:
            raise InvalidEncodingError(f"the body is no gzip or deflate: {error}") from None
        pieces.append(piece)
        left_bytes -= len(piece)
        if left_bytes > 0 and not stream.eof:
            raise InvalidEncodingError("the compressed body ends too early")
        body = stream.unused_data
    return _within(b"".join(pieces), limit_bytes)


def _unzstd(body: bytes, limit_bytes: int) -> bytes:
    pieces = bytearray()
    try:
        with zstd.ZstdFile(io.BytesIO(body)) as file:
            while len(pieces) <= limit_bytes and (piece := file.read(_CHUNK_BYTES)):
                pieces += piece
    except (zstd.ZstdError, EOFError) as error:
        raise InvalidEncodingError(f"the body is no zstd: {error}") from None
    return _within(bytes(pieces), limit_bytes)


def _within(body: bytes, limit_bytes: int) -> bytes:
    if len(body) > limit_bytes:
        raise TooLargeError(
            f"the decompressed body is larger than {limit_bytes} bytes", limit_bytes=limit_bytes
        )
    return body


_DECOMPRESSORS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _gunzip,
    "zstd": _unzstd,
}
