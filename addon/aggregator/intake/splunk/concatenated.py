"""Takes JSON objects apart that follow each other without anything between them, or with space."""

import json
import re
from collections.abc import Iterator
from typing import Final

from aggregator import limits
from aggregator.intake import ndjson

_BETWEEN: Final = re.compile(rb"\}\s*\{")
_SPACE: Final = re.compile(r"\s*")
_NEXT: Final = re.compile(r"\n\s*(?=\{)")
_SCAN: Final = json.JSONDecoder().raw_decode


def objects_of(body: bytes) -> list[bytes | None]:
    """Take a body apart.

    Returns:
        The JSON object of each item on a line of its own; None for what is none, which ends where a line
        begins another.
    """
    # No JSON string has a line's end in it, so that what is replaced is always between values.
    text = body.strip().replace(b"\r", b" ").replace(b"\n", b" ")
    lines = _BETWEEN.sub(b"}\n{", text).split(b"\n")
    # What was torn apart inside a string is no object.
    if ndjson.whole_rows(b"\n".join([*lines, b""])) is not None:
        return list(lines)
    return list(_one_by_one(body.decode(errors="replace").replace("\r", "\n")))


def _one_by_one(text: str) -> Iterator[bytes | None]:
    position = _end(_SPACE, text, 0)
    while position < len(text):
        try:
            end = _SCAN(text, position)[1]
        except (ValueError, RecursionError):
            yield None
            position = _end(_NEXT, text, position)
            continue
        sent = text[position:end].replace("\n", " ").encode(errors="replace")
        yield sent if len(sent) > limits.LINE_BYTES or ndjson.problem(sent) is None else None
        position = _end(_SPACE, text, end)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Where the next match ends; the end of the text where there is none."""
    found = pattern.search(text, position)
    return found.end() if found else len(text)
