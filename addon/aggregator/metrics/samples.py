"""One measured value with its name and labels, and what a decoder returns."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aggregator import limits
from aggregator.limits import REPORTED_LINE_ERRORS

type Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name."""

_FOREIGN_CHARACTER = re.compile(r"[^a-zA-Z0-9_]")
_FOREIGN_NAME_CHARACTER = re.compile(r"[^a-zA-Z0-9_:]")


class MetricType(StrEnum):
    """The types of the Prometheus text format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    UNTYPED = "untyped"


class DropReason(StrEnum):
    """Why a sample was not kept; counted under these names."""

    SYNTAX = "metric_syntax"
    NOT_A_NUMBER = "metric_not_a_number"
    SERIES_LIMIT = "metric_series_limit"
    RESERVED_NAME = "metric_reserved_name"
    FUTURE = "metric_future"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series.

    Args:
        name: Metric name in the alphabet of Prometheus.
        labels: Sorted, without the service.
        value: The number; NaN and infinities are legal.
        metric_type: Type of the family that it belongs to.
        family: The family's name; differs from `name` for the parts of a histogram or summary.
        timestamp_ns: Unix time in nanoseconds, or None for the time of arrival.
    """

    name: str
    labels: Labels
    value: float
    metric_type: MetricType
    family: str
    timestamp_ns: int | None = None


@dataclass(frozen=True, slots=True)
class LineError:
    """Why a line was refused; lines count from 1."""

    line: int
    message: str


@dataclass(slots=True)
class Decoded:
    """What a body holds: its good samples, its bad lines, and values that are no numbers."""

    samples: list[Sample] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)
    errors_total: int = 0
    not_numbers: int = 0

    def refuse(self, line: int, message: str) -> None:
        """Count a bad line, and keep its reason while there are few of them."""
        self.errors_total += 1
        if len(self.errors) < REPORTED_LINE_ERRORS:
            self.errors.append(LineError(line, message.rstrip(".")))


def metric_name(text: str) -> str:
    """Return the text in the alphabet of Prometheus' metric names, `_` for every other character."""
    name = _FOREIGN_NAME_CHARACTER.sub("_", text)
    return f"_{name}" if name[:1].isdigit() else name


def label_name(text: str) -> str:
    """Return the text in the alphabet of Prometheus' label names, `_` for every other character."""
    name = _FOREIGN_CHARACTER.sub("_", text)
    return f"_{name}" if name[:1].isdigit() else name


def sorted_labels(labels: Mapping[str, str]) -> Labels:
    """Return labels in the order and alphabet that a series' identity is made of.

    An empty value means that the label is absent, as in Prometheus.
    """
    return tuple(sorted({label_name(name): value for name, value in labels.items() if value}.items()))


def fault(name: str, labels: Iterable[tuple[str, str]]) -> str | None:
    """Return why a series is outside the limits, or None when it is not."""
    if len(name) > limits.METRIC_NAME_CHARACTERS:
        return f"a metric name longer than {limits.METRIC_NAME_CHARACTERS} characters"
    count = 0
    for label, value in labels:
        count += 1
        if len(label) > limits.METRIC_NAME_CHARACTERS:
            return f"a label name longer than {limits.METRIC_NAME_CHARACTERS} characters"
        if len(value) > limits.LABEL_VALUE_CHARACTERS:
            return f"a value of label {label!r} longer than {limits.LABEL_VALUE_CHARACTERS} characters"
    if count > limits.LABELS:
        return f"more than {limits.LABELS} labels"
    return None
