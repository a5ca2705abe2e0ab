"""The errors that reach a client, each with its status, code and further keys."""

from collections.abc import Mapping
from typing import ClassVar


class AggregatorError(Exception):
    """Base of the errors that the aggregator answers with."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidFieldError(AggregatorError):
    """A request's field is missing, unknown or out of its limits; details name it as `field`."""

    status = 400
    code = "invalid_field"


class InvalidJsonError(AggregatorError):
    """A request's body is not the JSON that the route takes."""

    status = 400
    code = "invalid_json"


class InvalidEncodingError(AggregatorError):
    """A body can't be decompressed as its Content-Encoding says."""

    status = 400
    code = "invalid_encoding"


class InvalidBodyError(AggregatorError):
    """A body is not in the protocol's form; details may name the `line`."""

    status = 400
    code = "invalid_body"


class SearchSyntaxError(AggregatorError):
    """A search can't be parsed; details name the `column` and what was `expected`."""

    status = 400
    code = "query_syntax"


class UnauthorizedError(AggregatorError):
    """There is no token, or it is not one of ours."""

    status = 401
    code = "unauthorized"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="ha-ingestor"'}


class ForbiddenError(AggregatorError):
    """The token lacks the scope that details name as `scope`."""

    status = 403
    code = "forbidden"


class NotFoundError(AggregatorError):
    """What was asked for by its number is not there."""

    status = 404
    code = "not_found"


class ConflictError(AggregatorError):
    """What is asked for is in the way of what is there."""

    status = 409
    code = "conflict"


class TooLargeError(AggregatorError):
    """A body passes the limit that details name as `limit_bytes`."""

    status = 413
    code = "too_large"


class UnsupportedEncodingError(AggregatorError):
    """A Content-Encoding that isn't known."""

    status = 415
    code = "unsupported_encoding"


class OverloadedError(AggregatorError):
    """More is waiting to be stored than may; the sender should come again."""

    status = 503
    code = "overloaded"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class ReadTimeoutError(AggregatorError):
    """The time of a read was over before it had anything to answer."""

    status = 503
    code = "read_timeout"


class ReadTooLargeError(AggregatorError):
    """A read takes more memory than reads have."""

    status = 503
    code = "read_too_large"


class DiskFullError(AggregatorError):
    """The disk has no room, so nothing was stored."""

    status = 507
    code = "disk_full"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "30"}


class StoreFailedError(AggregatorError):
    """The disk failed while syncing; nothing more is taken until a restart."""

    status = 503
    code = "store_failed"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "60"}
