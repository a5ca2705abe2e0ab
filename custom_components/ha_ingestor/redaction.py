"""Hides what looks like a secret in text that leaves Home Assistant."""

import re
from typing import Final

from homeassistant.components.diagnostics import REDACTED

_NAMES: Final = (
    r"(?:passwo?r?d|passphrase|secret|token|credentials?|psk|webhook_id"
    r"|(?:api|access|account|auth|client|encryption|private|shared|signing)[_\-]?key)"
)
_VALUE: Final = (
    r"""(?:"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|(?!(?:None|null|true|false)\b)[^\s"'&,;)}\]]+)"""
)

# Where none of its triggers stands in the text in lower case, a pattern isn't tried. Repetitions have bounds
# where a match could start at each of many characters.
_PATTERNS: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), triggers)
    for pattern, triggers in (
        # A header's value goes on to the line's end, or to the quote's in a dictionary.
        (
            r"(?:authorization|cookie)(?P<quote>[\"']?)\s*[:=]\s*(?P<secret>(?(quote)[^\r\n\"',}]+|[^\r\n]+))",
            ("authorization", "cookie"),
        ),
        (r"\bbearer\s+(?P<secret>[\w.~+/=\-]{6,})", ("bearer",)),
        (
            rf"{_NAMES}[\"']?\s*(?:=|:)\s*(?P<secret>{_VALUE})",
            ("pass", "secret", "token", "credential", "psk", "webhook_id", "key"),
        ),
        (r"://[^\s/?#:@\"'<>]{0,256}:(?P<secret>[^\s/@\"'<>]{1,256})@", ("://",)),
        (r"[?&](?:key|sig|signature|code|authsig)=(?P<secret>[^\s&#\"']+)", ("key=", "sig", "code=")),
        (r"/api/webhook/(?P<secret>[\w\-]{8,})", ("/api/webhook/",)),
        # JSON Web Tokens, as Home Assistant's own access tokens are.
        (r"(?P<secret>\beyJ[\w\-]{8,512}\.[\w\-]{8,}(?:\.[\w\-]*)?)", ("eyj",)),
    )
)


def redacted(text: str, own_secret: str) -> str:
    """Return a text with a mark in the place of each secret.

    Args:
        text: for people.
        own_secret: the aggregator's token, which is hidden wherever it stands.
    """
    if own_secret in text:
        text = text.replace(own_secret, REDACTED)
    lower = text.lower()
    for pattern, triggers in _PATTERNS:
        if any(trigger in lower for trigger in triggers):
            text = pattern.sub(_hidden, text)
    return text


def _hidden(match: re.Match[str]) -> str:
    start, end = (position - match.start() for position in match.span("secret"))
    return match[0][:start] + REDACTED + match[0][end:]
