"""Bodies of requests: read within limits, decompressed in a thread."""

import asyncio
import io
import sys
import zlib
from collections.abc import Callable, Collection
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
_MEMBER_CHUNK_BYTES = 8 * 1024
"""What is copied again at the end of each gzip member; a body may have very many tiny ones."""

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
    passed: Collection[str] = (),
) -> bytes:
    """Read a body and undo its Content-Encoding.

    Args:
        request: the request; its application leaves bodies compressed.
        executor: threads to decompress in.
        limit_bytes: most bytes as sent.
        decompressed_limit_bytes: most bytes after decompression.
        passed: encodings that are left as they are.

    Raises:
        TooLargeError: either limit is passed.
        UnsupportedEncodingError: an encoding that isn't known, or more than one.
        InvalidEncodingError: the body is not what its encoding says.
        RequestTimeoutError: the body did not arrive in time.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    decompressor = _DECOMPRESSORS.get(encoding)
    if decompressor is None and encoding not in {"", "identity", *passed}:
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
    # Joined once: a body that grows piece by piece is copied several times.
    pieces: list[bytes] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(limits.BODY_TIMEOUT_S):
            async for piece in request.content.iter_any():
                pieces.append(piece)
                size_bytes += len(piece)
                if size_bytes > limit_bytes:
                    raise _too_large(limit_bytes)
    except TimeoutError:
        raise RequestTimeoutError(f"the body did not arrive within {limits.BODY_TIMEOUT_S:.0f} s") from None
    return b"".join(pieces)


def _too_large(limit_bytes: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit_bytes} bytes", limit_bytes=limit_bytes)


def _gunzip(body: bytes, limit_bytes: int) -> bytes:
    pieces = bytearray()
    position = 0
    while position < len(body):
        stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        while not stream.eof:
            chunk = body[position : position + _MEMBER_CHUNK_BYTES]
            if not chunk:
                raise InvalidEncodingError("the compressed body ends too early")
            try:
                pieces += stream.decompress(chunk, limit_bytes + 1 - len(pieces))
            except zlib.error as error:
                raise InvalidEncodingError(f"the body is no gzip or deflate: {error}") from None
            _check_size(len(pieces), limit_bytes)
            position += len(chunk) - len(stream.unused_data)
    return bytes(pieces)


def _unzstd(body: bytes, limit_bytes: int) -> bytes:
    pieces = bytearray()
    try:
        with zstd.ZstdFile(io.BytesIO(body)) as file:
            while len(pieces) <= limit_bytes and (piece := file.read(_CHUNK_BYTES)):
                pieces += piece
    except (zstd.ZstdError, EOFError) as error:
        raise InvalidEncodingError(f"the body is no zstd: {error}") from None
    _check_size(len(pieces), limit_bytes)
    return bytes(pieces)


def _check_size(size_bytes: int, limit_bytes: int) -> None:
    if size_bytes > limit_bytes:
        raise TooLargeError(
            f"the decompressed body is larger than {limit_bytes} bytes", limit_bytes=limit_bytes
        )


_DECOMPRESSORS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _gunzip,
    "zstd": _unzstd,
}
