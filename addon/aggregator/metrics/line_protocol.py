"""Decoder of InfluxDB's line protocol, version 2."""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from line_protocol_parser import (  # type: ignore[import-untyped]  # the library carries no types
    LineFormatError,
    parse_line,
)

from aggregator import limits
from aggregator.metrics.samples import Decoded, MetricType, Sample, fault, metric_name, sorted_labels

_ESCAPED = re.compile(rb"\\.")
_UNESCAPED_SPACE = re.compile(rb"(?<!\\) ")


class Precision(IntEnum):
    """Units of a point's time, as nanoseconds."""

    NS = 1
    US = 1_000
    MS = 1_000_000
    S = 1_000_000_000


def decode(body: bytes, precision: Precision = Precision.NS) -> Decoded:
    """Decode a body of line protocol.

    Each numeric or boolean field becomes a gauge named `measurement_field`; text fields are counted
    as `not_numbers`. Good lines are kept when others are bad.

    Args:
        body: UTF-8 text, decompressed.
        precision: Unit of the points' times.

    Returns:
        Samples in the order of the points, and the lines that were refused.
    """
    decoded = Decoded()
    for number, raw in _points(body):
        try:
            _add_point(decoded, raw, precision)
        except (ValueError, LineFormatError) as error:
            decoded.refuse(number, str(error))
    return decoded


def _points(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each point with its first line's number; a text field may hold line breaks."""
    lines = body.split(b"\n")
    index = 0
    while index < len(lines):
        end = index + 1
        if _opens_text(lines[index]):
            closing = (n for n in range(end, len(lines)) if _has_odd_quotes(lines[n]))
            end = next(closing, index) + 1
        joined = b"\n".join(lines[index:end])
        if end > index + 1 and not _parses(joined):
            # An unclosed quote must not take the lines after it along.
            joined, end = lines[index], index + 1
        if joined.strip():
            yield index + 1, joined
        index = end


def _opens_text(line: bytes) -> bool:
    series_key_end = _UNESCAPED_SPACE.search(line.lstrip())
    return series_key_end is not None and _has_odd_quotes(line.lstrip()[series_key_end.end() :])


def _has_odd_quotes(line: bytes) -> bool:
    return _ESCAPED.sub(b"", line).count(b'"') % 2 == 1


def _parses(raw: bytes) -> bool:
    try:
        _parse(raw)
    except (ValueError, LineFormatError):
        return False
    return True


def _parse(raw: bytes) -> dict[str, Any] | None:
    if len(raw) > limits.POINT_BYTES:
        raise ValueError(f"longer than {limits.POINT_BYTES} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    point: dict[str, Any] | None = parse_line(text)
    return point


def _add_point(decoded: Decoded, raw: bytes, precision: Precision) -> None:
    point = _parse(raw)
    if point is None:  # a comment
        return
    labels = sorted_labels(point["tags"])
    timestamp_ns = None if point["time"] is None else point["time"] * precision
    samples = []
    for field, value in point["fields"].items():
        if isinstance(value, str):
            decoded.not_numbers += 1
            continue
        name = metric_name(f"{point['measurement']}_{field}")
        if reason := fault(name, labels):
            raise ValueError(reason)
        samples.append(Sample(name, labels, float(value), MetricType.GAUGE, name, timestamp_ns))
    if len(decoded.samples) + len(samples) > limits.PUSH_SAMPLES:
        raise ValueError(f"more than {limits.PUSH_SAMPLES} samples in one push")
    decoded.samples.extend(samples)
