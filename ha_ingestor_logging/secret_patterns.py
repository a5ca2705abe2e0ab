"""What secrets look like: the names they stand under, and their own shapes."""

import re
from dataclasses import dataclass
from typing import Final

MARK: Final = "[redacted]"

# A name whose last words are one of these holds a secret: ``mqtt_password``, ``X-API-Key``, ``accessToken``.
SECRET_NAMES: Final = (
    r"passwo?r?[dt]",
    r"kennwort",
    r"pwd",
    r"(?<![a-z])pw",
    # Not in "pass: 12 of 12", "pass=12" or "bypass", but in pass="word" and "--pass word".
    r"(?<![a-z])pass(?=\s*=(?!\s*\d+\b)|\\*[\"']|$)|(?<=--)pass(?=\s)",
    r"passphrase",
    r"passcode",
    r"secret",
    r"token",
    r"(?:api|access|account|auth|client|encryption|master|network|private|secret|shared|signing)[_\-. ]?key",
    r"ssh[_\-. ]?key",
    r"psk",
    # Not in "auth: failed", but in auth=("user", "word").
    r"(?<![a-z])auth(?=\s*=|\\*[\"']|$)",
    r"authorization",
    r"auth[_\-]?sig",
    r"cookie",
    r"credential",
    r"sessionid",
    r"webhook[_\-]?id",
    r"cloudhook[_\-]?url",
)
# Each matching name holds one of these in lower case.
SECRET_NAME_TRIGGERS: Final = (
    "pass",
    "kennwort",
    "pw",
    "secret",
    "token",
    "key",
    "psk",
    "auth",
    "cookie",
    "credential",
    "sessionid",
    "webhook",
    "cloudhook",
)


def _nested(opening: str, closing: str, levels: int) -> str:
    """What brackets hold, with brackets of the same kind inside down to some levels."""
    plain = rf"[^{opening}{closing}]*+"
    inner = ""
    for _ in range(levels):
        inner = rf"{opening}{plain}(?:{inner}{plain})*+{closing}" if inner else rf"{opening}{plain}{closing}"
    return rf"{opening}{plain}(?:{inner}{plain})*+(?:{closing})?"


_BRACES: Final = _nested(r"\{", r"\}", 3)
_BRACKETS: Final = _nested(r"\[", r"\]", 3)

# What stands behind a name in text is taken to the next space, rather too much than too little.
# A backslash and a letter end a line in text that ``repr`` has made.
_VALUE: Final = (
    r"\[redacted\]"
    r'|b?"(?:[^"\\]|\\.)*"?'
    r"|b?'(?:[^'\\]|\\.)*'?"
    # JSON in JSON: to the quote with as many backslashes.
    r'|(?P<escapes>\\+)"[\s\S]*?(?:(?<!\\)(?P=escapes)"|$)'
    r"|\([^)]*\)?"
    # Names of secrets inside go with the rest, whatever they stand for.
    rf"|{_BRACES}|{_BRACKETS}"
    r"|(?!(?:none|null|true|false)\b)[^\s\"'&](?:(?!\\[rn])[^\s&])*"
)
_SEPARATOR: Final = r"""\\*["']?\s*(?:=>|:?=|:|>|%3[ad])\s*"""
# Where a word begins, also behind a line's end that ``repr`` has written as a backslash and a letter.
_START: Final = r"(?:(?<![\w+/\-])|(?<=\\[nrt]))"
_HEADERS: Final = r"(?:authorization|cookie)\s*:[ \t]*"


@dataclass(frozen=True, slots=True)
class SecretPattern:
    """A shape of secrets in text.

    Args:
        regex: what to look for; what its group ``secret`` matches is hidden, else all of it.
        triggers: texts in lower case; where none of them stands, the regex is not
            tried. Without any it always is.
        in_lower_case: whether the regex is for text in lower case, which is a quarter of the time of
            one that ignores case.
    """

    regex: re.Pattern[str]
    triggers: tuple[str, ...] = ()
    in_lower_case: bool = False

    def hide(self, text: str, lowered: str) -> str:
        """The text with a mark in place of each secret; the same object if there is none.

        Args:
            text: what may hold secrets.
            lowered: the same by ``lower_case``.
        """
        group = "secret" if "secret" in self.regex.groupindex else 0
        parts: list[str] = []
        hidden_to = 0
        for match in self.regex.finditer(lowered if self.in_lower_case else text):
            start, end = match.span(group)
            if start < end:
                parts += text[hidden_to:start], MARK
                hidden_to = end
        return "".join((*parts, text[hidden_to:])) if parts else text


def lower_case(text: str) -> str:
    """Text in lower case, each character where it was."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # A few characters become two; they stand in no name of a secret.
    return "".join(one if len(one.lower()) > 1 else one.lower() for one in text)


def assignments(names: tuple[str, ...], triggers: tuple[str, ...]) -> tuple[SecretPattern, ...]:
    """The shapes of ``name=secret``, ``name: secret``, ``"name": "secret"`` and the like, in their order.

    Args:
        names: regular expressions of the names, in lower case.
        triggers: a text in lower case for each name, which it certainly holds.
    """
    name = f"(?:{'|'.join(names)})"
    # A plural with a number is a count: ``max_tokens=512``.
    plural = rf"(?:s(?!{_SEPARATOR}\d+\b))?"
    # Behind the first, lest a name is taken for the secret of the word before it, and its own stays.
    looser = (
        rf"(?:[\[(]b?[\"'][\w\-. ]{{0,64}}?{name}s?[\"']\s*,\s*(?=b?[\"'])"
        # One argument of a command after the other.
        rf"|[\"']--?[\w\-]{{0,64}}?{name}s?\\*[\"']\s*,\s*(?=\\*[\"'])"
        rf"|(?<!\w)--[\w\-]{{0,64}}?{name}s?\s+"
        rf"|{name}s?\s+(?=[\"']))"
    )
    return tuple(
        SecretPattern(re.compile(f"{before}(?P<secret>{_VALUE})"), triggers, in_lower_case=True)
        for before in (f"{name}{plural}{_SEPARATOR}", looser)
    )


def _shape(regex: str, *triggers: str) -> SecretPattern:
    return SecretPattern(re.compile(regex), triggers)


# Repetitions have bounds where the pattern could start at each of many characters, so that the time
# stays proportional to the text.
SHAPES: Final = (
    # A header's value goes on to the line's end: `Authorization: Digest username="…", …`.
    _shape(rf"(?i){_HEADERS}(?P<secret>[^\s\"'](?:(?!\\[rn])[^\r\n])*)", "authorization", "cookie"),
    _shape(r"(?i)\bbearer\s+(?P<secret>[\w.~+/=\-]{6,})", "bearer"),
    # "basic authentication" is no header, "basic dXNlcjpwYXNz" is.
    _shape(
        r"\b(?i:basic|token|apikey|splunk|digest)\s+(?P<secret>(?![A-Za-z]?[a-z]+(?![\w.~+/=\-]))[\w.~+/=\-]{8,})",
        "basic",
        "token",
        "apikey",
        "splunk",
        "digest",
    ),
    # mqtt://user:secret@host and https://secret@host; behind a port's number there is no password.
    _shape(
        r"://[^\s/?#:@\"'<>]{0,256}:(?!\d{1,5}(?:[/?#\s\"']|$))(?P<secret>[^\s\"<>]{1,512})@",
        "@",
    ),
    _shape(r"://(?P<secret>[^\s/?#:@\"'<>]{1,512})@", "@"),
    _shape(r"(?i)[?&](?:key|sig|signature|code|p|pw)=(?P<secret>[^\s&#\"']+)", "key=", "sig", "code=", "p="),
    _shape(r"(?i)/api/webhook/(?P<secret>[\w\-]{8,})", "/api/webhook/"),
    _shape(r"(?i)hooks\.nabu\.casa/(?P<secret>[\w=\-]{8,})", "nabu.casa"),
    _shape(r"(?i)hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/\-]+)", "slack.com"),
    _shape(r"(?i)discord(?:app)?\.com/api/webhooks/\d+/(?P<secret>[\w\-]+)", "discord"),
    _shape(r"(?:^|\s)-u\s+[^\s:]{1,256}:(?P<secret>\S+)", "-u"),
    # JSON Web Tokens, as Home Assistant's long-lived access tokens are.
    _shape(r"eyJ[\w\-]{8,512}\.[\w\-]{8,}(?:\.[\w\-]*)?", "eyj"),
    # InfluxDB: 64 bytes in Base64.
    _shape(rf"{_START}[\w+/\-]{{86}}==", "=="),
    _shape(r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])", "akia", "asia"),
    _shape(
        r"(?:gh[pousr]_\w{20,}|github_pat_\w{20,})", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"
    ),
    _shape(r"glpat-[\w\-]{20,}", "glpat-"),
    _shape(r"xox[a-z]-[\w\-]{10,}", "xox"),
    _shape(rf"{_START}sk[_\-](?=[\w\-]*\d)[\w\-]{{20,}}", "sk-", "sk_"),
    _shape(r"AIza[\w\-]{35}", "aiza"),
    # Telegram's bots.
    _shape(r"\d{8,12}:AA[\w\-]{32,}", ":aa"),
    _shape(
        r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----(?P<secret>[\s\S]*?)(?:-----END [A-Z ]{0,32}KEY-----|$)",
        "private",
    ),
)
