"""Undoes compression, up to a limit."""

import io
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from aggregator.errors import InvalidEncodingError, TooLargeError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK_BYTES: Final = 256 * 1024
_MEMBER_CHUNK_BYTES: Final = 8 * 1024
"""What is copied again at the end of each gzip member; a body may have very many tiny ones."""

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS

_GZIP: Final = b"\x1f\x8b"
_ZLIB: Final = b"\x78"
_ZLIB_CHECK: Final = 31
"""The first two bytes of zlib are a multiple of it. https://www.rfc-editor.org/rfc/rfc1950"""


def sniffed(content: bytes, limit_bytes: int) -> bytes:
    """Undo gzip or zlib where the first bytes tell it, for senders that name no encoding or a wrong one.

    Args:
        content: what was sent.
        limit_bytes: most bytes after decompression.

    Raises:
        TooLargeError: the limit is passed.
        InvalidEncodingError: it begins as if it were compressed, but isn't.
    """
    is_compressed = content.startswith(_GZIP) or (
        content[:1] == _ZLIB and int.from_bytes(content[:2]) % _ZLIB_CHECK == 0
    )
    return gunzip(content, limit_bytes) if is_compressed else content


def gunzip(body: bytes, limit_bytes: int) -> bytes:
    """Undo gzip, in one member or more, or zlib.

    Args:
        body: what was sent.
        limit_bytes: most bytes after decompression.

    Raises:
        TooLargeError: the limit is passed.
        InvalidEncodingError: it is neither.
    """
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


DECOMPRESSORS: Final[Mapping[str, Callable[[bytes, int], bytes]]] = {
    "gzip": gunzip,
    "x-gzip": gunzip,
    "deflate": gunzip,
    "zstd": _unzstd,
}
"""What undoes each Content-Encoding, up to so many bytes."""
