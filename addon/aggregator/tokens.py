"""Access tokens and what each may do."""

import hmac
import re
import secrets
from enum import StrEnum
from pathlib import Path

from aggregator.damaged_files import set_aside
from aggregator.store.files import write_atomically

_TOKEN_BYTES = 32
_USABLE = re.compile(rb"[!-~]{8,}")
"""What can be sent in a header, and is not what a cut off file leaves of a token: too short to be safe."""


class Scope(StrEnum):
    """What a token may do."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


class Tokens:
    """The tokens of this aggregator, one of each scope, made at the first start.

    Args:
        folder: where they are kept, readable by the aggregator's user only. A file that holds no usable
            token is set aside, and a new token is made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._tokens = {scope: _read_or_make(folder / scope.value) for scope in Scope}

    def scope_of(self, token: str) -> Scope | None:
        """Return what a token may do, or None if it is none of ours; every token takes as long."""
        given = token.encode(errors="replace")
        found = None
        for scope, known in self._tokens.items():
            if hmac.compare_digest(given, known):
                found = scope
        return found


def _read_or_make(path: Path) -> bytes:
    token = path.read_bytes().strip() if path.exists() else b""
    if token and not _USABLE.fullmatch(token):
        set_aside(path, "a token has 8 or more printable ASCII characters; a new one was made")
        token = b""
    if not token:
        token = secrets.token_urlsafe(_TOKEN_BYTES).encode()
        write_atomically(path, token, mode=0o600)
    return token
