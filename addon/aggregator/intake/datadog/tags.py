"""Tags, as fields."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

TAGS: Final = "ddtags"

type Tags = dict[str, str | list[str]]


@lru_cache(maxsize=1024)
def parse(text: str) -> Tags:
    """Read tags as they are written in one text: `env:prod,team`.

    Returns:
        Values by name, several where one name comes several times; tags without a name as `ddtags`.
    """
    return _grouped(part.strip().partition(":") for part in text.split(",") if part.strip())


def _grouped(parts: Iterable[tuple[str, str, str]]) -> Tags:
    found: dict[str, list[str]] = {}
    for name, colon, value in parts:
        values = found.setdefault(name if colon and name else TAGS, [])
        tag = value if colon and name else f"{name}{colon}{value}"
        if tag not in values:
            values.append(tag)
    return {
        name: values[0] if len(values) == 1 and name != TAGS else values for name, values in found.items()
    }
