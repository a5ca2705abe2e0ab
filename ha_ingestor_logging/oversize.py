"""Lines that would be larger than anybody takes."""

from collections.abc import Mapping
from typing import Any, Final

from ha_ingestor_logging.plain_json import to_json

# The aggregator takes lines up to 1 MiB, and what it adds needs some room.
LINE_MAX_BYTES: Final = 1_000_000
# What a value may keep, tried in this order until the line is small enough.
_VALUE_MAX_BYTES: Final = (64 * 1024, 4 * 1024, 256)


def cut_values(record: Mapping[Any, Any]) -> dict[Any, Any]:
    """A copy of a record in which the largest values are cut, with a mark behind what is left of them.

    Args:
        record: a record whose line has more than ``LINE_MAX_BYTES``.
    """
    sizes = {name: len(to_json(value)) for name, value in record.items()}
    cut = dict(record)
    for limit_bytes in _VALUE_MAX_BYTES:
        for name, size_bytes in sizes.items():
            if size_bytes > limit_bytes:
                cut[name] = _cut(record[name], limit_bytes)
        if len(to_json(cut)) <= LINE_MAX_BYTES:
            break
    return cut


def _cut(value: Any, limit_bytes: int) -> str:
    text = value if isinstance(value, str) else to_json(value).decode()
    return f"{text[:limit_bytes]}… [cut: {len(text)} characters]"
