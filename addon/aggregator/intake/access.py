"""The token of a request that sends lines, in the way of whatever client sends it."""

import base64
import binascii
from collections.abc import Callable, Iterator

from aiohttp import hdrs, web

from aggregator.errors import ForbiddenError, UnauthorizedError
from aggregator.state import STATE
from aggregator.tokens import Scope

_OWN_HEADERS = ("DD-API-KEY", "X-API-Key")
_MISSING = (
    "a token is needed: in Authorization (Bearer, Token, Splunk, ApiKey, or Basic as password or user), "
    "or in DD-API-KEY or X-API-Key"
)


def require_ingest(request: web.Request) -> None:
    """Let a request pass only with a token that may send.

    Raises:
        UnauthorizedError: there is no token, or none of ours.
        ForbiddenError: it is one of ours, but may not send.
    """
    tokens = list(_tokens(request))
    if not tokens:
        raise UnauthorizedError(_MISSING)
    known = request.app[STATE].tokens
    # All of them are compared, so that the time tells nothing.
    granted = {known.scope_of(token) for token in tokens}
    if not granted & {Scope.INGEST, Scope.ADMIN}:
        if Scope.READ in granted:
            raise ForbiddenError(f"the token lacks the scope {Scope.INGEST.value}", scope=Scope.INGEST.value)
        raise UnauthorizedError("the token is not known")


def _tokens(request: web.Request) -> Iterator[str]:
    """What may be the token."""
    scheme, _, credentials = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() in _SCHEMES:
        yield from filter(None, _SCHEMES[scheme.lower()](credentials.strip()))
    for name in _OWN_HEADERS:
        if value := request.headers.get(name, "").strip():
            yield value


def _whole(credentials: str) -> Iterator[str]:
    yield credentials


def _basic(credentials: str) -> Iterator[str]:
    """User and password; some clients have a field for only one of them (RFC 7617)."""
    user, _, password = _unbase64(credentials).partition(":")
    yield password
    yield user


def _api_key(credentials: str) -> Iterator[str]:
    """Elasticsearch's API key, which clients send as base64 of `id:key`; or the token as it is."""
    yield credentials
    yield _unbase64(credentials).rpartition(":")[2]


def _unbase64(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""


_SCHEMES: dict[str, Callable[[str], Iterator[str]]] = {
    "bearer": _whole,
    "token": _whole,
    "splunk": _whole,
    "apikey": _api_key,
    "basic": _basic,
}
