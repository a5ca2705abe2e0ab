"""Answers of the protocol, in the encoding of the request."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson
from aiohttp import web

from aggregator import limits
from aggregator.errors import AggregatorError, DiskFullError
from aggregator.intake.decoded import Decoded
from aggregator.intake.otlp.messages import ANSWER, STATUS

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"

_UNKNOWN: Final = 2
_CODES: Final[Mapping[int, int]] = {
    HTTPStatus.BAD_REQUEST: 3,
    HTTPStatus.REQUEST_TIMEOUT: 4,
    HTTPStatus.FORBIDDEN: 7,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: 3,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: 3,
    HTTPStatus.SERVICE_UNAVAILABLE: 14,
    HTTPStatus.UNAUTHORIZED: 16,
}
"""gRPC's code of each status. https://grpc.github.io/grpc/core/md_doc_statuscodes.html"""


def answer(decoded: Decoded, kind: str) -> web.Response:
    """Say what became of records; a part that was refused is named only if there is one.

    Args:
        decoded: what became of them.
        kind: content type of the request.
    """
    if not decoded.errors:
        return _response(b"{}" if kind == JSON else b"", kind)
    message = "; ".join(
        f"record {error.line}: {error.message}" for error in decoded.errors[: limits.REPORTED_LINE_ERRORS]
    )
    rejected = decoded.refused().total()
    if kind == JSON:
        # Integers of 64 bits are texts.
        partial = {"rejectedLogRecords": str(rejected), "errorMessage": message}
        return _response(orjson.dumps({"partialSuccess": partial}), kind)
    return _response(ANSWER(partial={"rejected": rejected, "message": message}).SerializeToString(), kind)


def refuse(error: AggregatorError, kind: str) -> web.Response:
    """Say that nothing was taken; the status tells whether it is worth sending again.

    Args:
        error: why.
        kind: content type of the request.
    """
    # 507 is not among those after which senders come again.
    is_later = isinstance(error, DiskFullError)
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_later else HTTPStatus(error.status)
    content = {"code": _CODES.get(status, _UNKNOWN), "message": error.message}
    body = orjson.dumps(content) if kind == JSON else STATUS(**content).SerializeToString()
    return _response(body, kind, status)


def _response(body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(body=body, status=status, content_type=kind)
