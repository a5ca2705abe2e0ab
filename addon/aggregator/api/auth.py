"""Checks that a request's token may do what it asks for."""

from aiohttp import hdrs, web

from aggregator.errors import ForbiddenError, UnauthorizedError
from aggregator.state import STATE
from aggregator.tokens import Scope

_SCHEMES = {"bearer", "token"}


def require(request: web.Request, *scopes: Scope) -> None:
    """Let a request pass only with a token that has one of the scopes.

    Raises:
        UnauthorizedError: there is no token, or it is none of ours.
        ForbiddenError: the token has none of them.
    """
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() not in _SCHEMES:
        raise UnauthorizedError("a token is needed: Authorization: Bearer TOKEN")
    check(request.app, token.strip(), *scopes)


def check(app: web.Application, token: str, *scopes: Scope) -> None:
    """Check one token.

    Raises:
        UnauthorizedError: it is none of ours.
        ForbiddenError: it has none of the scopes.
    """
    granted = app[STATE].tokens.scope_of(token)
    if granted is None:
        raise UnauthorizedError("the token is not known")
    if granted not in {*scopes, Scope.ADMIN}:
        needed = " or ".join(scopes)
        raise ForbiddenError(f"the token lacks the scope {needed}", scope=needed)
