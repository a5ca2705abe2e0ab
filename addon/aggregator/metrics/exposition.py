"""Decoder of the Prometheus text format, as Pushgateway clients send it."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from aggregator import limits
from aggregator.metrics.samples import Decoded, MetricType, Sample, fault, metric_name, sorted_labels

_PART_SUFFIXES = {
    MetricType.HISTOGRAM: ("_bucket", "_sum", "_count"),
    MetricType.SUMMARY: ("_sum", "_count"),
}
# What the parser raises for one malformed line or another.
_PARSER_ERRORS = (ValueError, IndexError, OverflowError)


def decode(body: bytes) -> Decoded:
    """Decode a body of the Prometheus text format.

    Good lines are kept when others are bad. Every sample line goes through the parser by itself,
    so that one bad line costs nothing but itself.

    Args:
        body: UTF-8 text, decompressed.

    Returns:
        Samples in the body's order, and the lines that were refused.
    """
    decoded = Decoded()
    families: dict[str, MetricType] = {}
    for number, raw in enumerate(body.split(b"\n"), start=1):
        try:
            line = _text(raw)
            if not line:
                continue
            if line.startswith("#"):
                if line.split(maxsplit=2)[1:2] == ["TYPE"]:
                    families.update(_family_types(line))
                continue
            if len(decoded.samples) == limits.PUSH_SAMPLES:
                decoded.refuse(number, f"more than {limits.PUSH_SAMPLES} samples in one push")
                continue
            decoded.samples.append(_sample(line, families))
        except _PARSER_ERRORS as error:
            decoded.refuse(number, str(error) or "not a sample of the Prometheus text format")
    return decoded


def _text(raw: bytes) -> str:
    if len(raw) > limits.METRIC_LINE_BYTES:
        raise ValueError(f"longer than {limits.METRIC_LINE_BYTES} bytes")
    try:
        return raw.decode().strip()
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error


def _family_types(comment: str) -> Iterator[tuple[str, MetricType]]:
    for family in text_string_to_metric_families(comment):
        if family.type in MetricType:
            metric_type = MetricType(family.type)
            yield metric_name(family.name), metric_type
            if metric_type is MetricType.COUNTER:
                # The parser takes the suffix off counters, so either spelling may have been declared.
                yield metric_name(f"{family.name}_total"), metric_type


def _sample(line: str, families: dict[str, MetricType]) -> Sample:
    (family,) = text_string_to_metric_families(line)
    (parsed,) = family.samples
    if parsed.timestamp is not None:
        raise ValueError("pushed samples must not carry a timestamp")
    name = metric_name(parsed.name)
    labels = sorted_labels(parsed.labels)
    if reason := fault(name, labels):
        raise ValueError(reason)
    family_name = _family_name(name, families)
    metric_type = families.get(family_name, MetricType.UNTYPED)
    return Sample(name, labels, float(parsed.value), metric_type, family_name)


def _family_name(name: str, families: dict[str, MetricType]) -> str:
    if name not in families:
        for metric_type, suffixes in _PART_SUFFIXES.items():
            for suffix in suffixes:
                stem = name.removesuffix(suffix)
                if stem != name and families.get(stem) is metric_type:
                    return stem
    return name
