"""Grouping key of a Pushgateway URL: the service, and labels that hold for the whole push."""

import base64
import binascii
from dataclasses import dataclass
from itertools import batched
from urllib.parse import unquote_plus

from aggregator.metrics.samples import Labels, fault, sorted_labels

PREFIX = "/metrics/"
_BASE64 = "@base64"


@dataclass(frozen=True, slots=True)
class GroupingKey:
    """The service that pushes, and the labels that its URL adds to every sample."""

    service: str
    labels: Labels


def parse(raw_path: str) -> GroupingKey:
    """Read `/metrics/job/SERVICE/LABEL/VALUE/…` as Pushgateway clients write it.

    They escape a value like a form field (a space is `+`), and write one that is empty or holds a
    slash in URL-safe base64 behind a name that ends in `@base64`.

    Args:
        raw_path: The path as it came over the wire.

    Raises:
        ValueError: The path is no grouping key.
    """
    segments = raw_path.removeprefix(PREFIX).removesuffix("/").split("/")
    if len(segments) % 2:
        raise ValueError("the path has a label without a value")
    pairs = [_decoded(name, value) for name, value in batched(segments, 2, strict=True)]
    (job, service), labels = pairs[0], dict(pairs[1:])
    if job != "job" or not service:
        raise ValueError("the path names no service")
    if len(labels) < len(pairs) - 1 or "job" in labels:
        raise ValueError("the path has a label twice")
    key = GroupingKey(service, sorted_labels(labels))
    if reason := fault("", (("job", service), *key.labels)):
        raise ValueError(f"the path has {reason}")
    return key


def _decoded(name: str, value: str) -> tuple[str, str]:
    name = unquote_plus(name)
    if not name.endswith(_BASE64):
        return name, unquote_plus(value, errors="strict")
    padded = value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)
    try:
        return name.removesuffix(_BASE64), base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"label {name.removesuffix(_BASE64)!r} is not base64 of UTF-8") from error
