"""Halves of surrogate pairs in JSON text, which senders leave where they cut a text within a character."""

import re
from typing import Final

_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Any escape, a pair's two as one, so that none begins in the midst of another; half of a pair is a group."""

_REPLACEMENT: Final = rb"\ufffd"

REPLACED: Final = "half of a surrogate pair replaced by U+FFFD"
"""What is told of a line that has such halves."""


def replaced(text: bytes) -> bytes:
    """Return JSON text of the same length, in which U+FFFD stands for each half without its other half.

    RFC 8259 leaves open what such an escape means, so that some parsers take it and others don't.
    """
    return _ESCAPE.sub(lambda escape: escape[0] if escape[1] is None else _REPLACEMENT, text)
