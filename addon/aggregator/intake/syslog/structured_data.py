"""The structured data of RFC 5424, as fields."""

import re
from collections.abc import Mapping
from typing import Final

_ELEMENT: Final = re.compile(r'\[([^\s=\]"]+)((?: +[^\s=\]"]+="(?:[^"\\]|\\.)*")*) *\]', re.DOTALL)
_PARAMETER: Final = re.compile(r'([^\s=\]"]+)="((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\\]])')

_TRACING: Final = "opentelemetry"
_OF_RECORD: Final = frozenset({"trace_id", "span_id"})


def fields_of(data: str) -> Mapping[str, str | list[str]]:
    """Make fields of structured data, named `sd.ID.PARAMETER`.

    Those of OpenTelemetry's element that the record has a field for are that field. A parameter that is there
    more than once has a list.

    Args:
        data: one element or more, such as `[origin ip="10.0.0.1"]`.
    """
    fields: dict[str, str | list[str]] = {}
    for element, parameters in _ELEMENT.findall(data):
        for name, escaped in _PARAMETER.findall(parameters):
            value = _ESCAPED.sub(r"\1", escaped)
            is_of_record = element == _TRACING and name in _OF_RECORD
            field = name if is_of_record else f"sd.{element}.{name}"
            before = fields.get(field)
            if before is None:
                fields[field] = value
            else:
                fields[field] = [*before, value] if isinstance(before, list) else [before, value]
        if not parameters:
            fields[f"sd.{element}"] = ""
    return fields
