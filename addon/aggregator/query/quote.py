"""Write names and values so that a search means exactly them."""

import re
from typing import Final

_KEYWORDS: Final = frozenset({"AND", "OR", "NOT", "TO"})
_PLAIN_FIELD: Final = re.compile(r"[^\W\d][\w.@/-]*|@[\w.@/-]+")
# A colon is plain where no field's name can end before it.
_PLAIN_VALUE: Final = re.compile(r"\d[\w.@/:+-]*|\w[\w.@/+-]*")


def quoted_field(name: str) -> str:
    """Write a field's name, in quotes only where it needs them."""
    return name if _is_plain(_PLAIN_FIELD, name) else _quoted(name)


def quoted_value(text: str) -> str:
    """Write a field's value, in quotes only where it needs them."""
    return text if _is_plain(_PLAIN_VALUE, text) else _quoted(text)


def _is_plain(pattern: re.Pattern[str], text: str) -> bool:
    return text not in _KEYWORDS and pattern.fullmatch(text) is not None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
