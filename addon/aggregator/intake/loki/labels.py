"""Labels of Loki's streams, as fields of our record."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aggregator import limits
from aggregator.intake.foreign_names import own_name
from aggregator.record.fields import ALIASES

type Value = str | int | float | bool | None

_PAIR: Final = re.compile(r'\s*([^\s={},"`]+)\s*=\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*(,|$)')

_SERVICE_LABELS: Final = (
    "service_name",
    "app_kubernetes_io_name",
    "compose_service",
    "container",
    "component",
    "workload",
    "job",
    "unit",
)
"""Labels that name the service where none of our names for it does, the best first; Loki finds its own
`service_name` alike. https://grafana.com/docs/loki/latest/get-started/labels/#default-labels-for-all-users"""

_LEVEL_LABELS: Final = ("detected_level", "log_level", "loglevel")

_TAKEN: Final = frozenset({"timestamp", "message"})
"""What an entry has besides labels."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What the labels of a stream say of each of its lines.

    Args:
        sent: fields as they were sent.
        found: service and level, as far as labels only hint at them; a line that tells its own knows better.
    """

    sent: Mapping[str, Value]
    found: Mapping[str, Value]


def parse(text: str) -> dict[str, str]:
    """Read labels as Prometheus writes them: `{job="backup", level="info"}`.

    Raises:
        ValueError: they are written otherwise, or too long.
    """
    if len(text) > limits.LABELS_CHARACTERS:
        raise ValueError(f"labels longer than {limits.LABELS_CHARACTERS} characters")
    inner = text.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise ValueError(f"labels {text[:100]!r} do not stand in braces")
    inner = inner[1:-1].strip()
    labels: dict[str, str] = {}
    position = 0
    while position < len(inner):
        pair = _PAIR.match(inner, position)
        if pair is None:
            raise ValueError(f'labels {text[:100]!r} are not written as {{name="value"}}')
        name, value, _ = pair.groups()
        labels[name] = value[1:-1] if value[0] == "`" else _unquote(value)
        position = pair.end()
    return labels


def fields_of(labels: Mapping[str, Value]) -> Fields:
    """Make fields of a stream's labels."""
    sent = renamed(labels, _TAKEN, "label")
    found: dict[str, Value] = {}
    for field, hints in (("service", _SERVICE_LABELS), ("level", _LEVEL_LABELS)):
        if sent.keys().isdisjoint({field, *ALIASES[field]}):
            named = [name for name in hints if sent.get(name)]
            if named:
                found[field] = sent[named[0]]
    return Fields(sent, found)


def renamed(values: Mapping[str, Value], taken: frozenset[str], prefix: str) -> dict[str, Value]:
    """Return values by names that nothing else has.

    Args:
        values: by the names that they were sent by.
        taken: names that mean something else.
        prefix: goes before such a name, with a dot.
    """
    ours = ((own_name(name), value) for name, value in values.items())
    return {f"{prefix}.{name}" if name in taken else name: value for name, value in ours}


def _unquote(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        # Go's escapes are Python's.
        text = ast.literal_eval(quoted)
    except (ValueError, SyntaxError):
        raise ValueError(f"label value {quoted[:100]} has an unknown escape") from None
    # A half of a surrogate pair is no character.
    return str(text).encode(errors="replace").decode()
