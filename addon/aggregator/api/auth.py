"""Checks that a request's token may do what it asks for."""

from aiohttp import hdrs, web

from aggregator.errors import ForbiddenError, UnauthorizedError
from aggregator.state import STATE
from aggregator.tokens import Scope

_SCHEMES = {"bearer", "token"}


def require(request: web.Request, scope: Scope) -> None:
    """Let a request pass only with a token that has a scope.

    Raises:
        UnauthorizedError: there is no token, or it is none of ours.
        ForbiddenError: the token lacks the scope.
    """
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() not in _SCHEMES:
        raise UnauthorizedError("a token is needed: Authorization: Bearer TOKEN")
    check(request.app, token.strip(), scope)


def check(app: web.Application, token: str, scope: Scope) -> None:
    """Check one token.

    Raises:
        UnauthorizedError: it is none of ours.
        ForbiddenError: it lacks the scope.
    """
    granted = app[STATE].tokens.scope_of(token)
    if granted is None:
        raise UnauthorizedError("the token is not known")
    if granted not in {scope, Scope.ADMIN}:
        raise ForbiddenError(f"the token lacks the scope {scope.value}", scope=scope.value)
