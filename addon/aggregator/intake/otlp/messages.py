"""The protocol's messages, as far as they are read and written.

What stands in a message that is not read on the way, such as an attribute, is left as the bytes that it has
on the wire: most of it comes again and again, and is read once.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
"""

from typing import Any, Final

from aggregator.intake.protobuf_classes import message_classes

_LOGS: Final = """
    name: "otlp_logs.proto" package: "otlp" syntax: "proto3"
    message_type {
        name: "Logs"
        field {
            name: "resources" number: 1 label: LABEL_REPEATED
            type: TYPE_MESSAGE type_name: ".otlp.Resource"
        }
    }
    message_type {
        name: "Resource"
        field {
            name: "about" number: 1 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".otlp.Attributes"
        }
        field {
            name: "scopes" number: 2 label: LABEL_REPEATED
            type: TYPE_MESSAGE type_name: ".otlp.Scope"
        }
    }
    message_type {
        name: "Attributes"
        field { name: "attributes" number: 1 label: LABEL_REPEATED type: TYPE_BYTES }
    }
    message_type {
        name: "Scope"
        field {
            name: "about" number: 1 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".otlp.Origin"
        }
        field {
            name: "records" number: 2 label: LABEL_REPEATED
            type: TYPE_MESSAGE type_name: ".otlp.Record"
        }
    }
    message_type {
        name: "Origin"
        field { name: "name" number: 1 label: LABEL_OPTIONAL type: TYPE_BYTES }
        field { name: "version" number: 2 label: LABEL_OPTIONAL type: TYPE_BYTES }
        field { name: "attributes" number: 3 label: LABEL_REPEATED type: TYPE_BYTES }
    }
    message_type {
        name: "Record"
        field { name: "time_ns" number: 1 label: LABEL_OPTIONAL type: TYPE_FIXED64 }
        field { name: "observed_ns" number: 11 label: LABEL_OPTIONAL type: TYPE_FIXED64 }
        field { name: "severity_number" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 }
        field { name: "severity_text" number: 3 label: LABEL_OPTIONAL type: TYPE_BYTES }
        field { name: "body" number: 5 label: LABEL_OPTIONAL type: TYPE_BYTES }
        field { name: "attributes" number: 6 label: LABEL_REPEATED type: TYPE_BYTES }
        field { name: "dropped_attributes" number: 7 label: LABEL_OPTIONAL type: TYPE_UINT32 }
        field { name: "flags" number: 8 label: LABEL_OPTIONAL type: TYPE_FIXED32 }
        field { name: "trace_id" number: 9 label: LABEL_OPTIONAL type: TYPE_BYTES }
        field { name: "span_id" number: 10 label: LABEL_OPTIONAL type: TYPE_BYTES }
        field { name: "event_name" number: 12 label: LABEL_OPTIONAL type: TYPE_BYTES }
    }
    message_type {
        name: "Answer"
        field {
            name: "partial" number: 1 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".otlp.Partial"
        }
    }
    message_type {
        name: "Partial"
        field { name: "rejected" number: 1 label: LABEL_OPTIONAL type: TYPE_INT64 }
        field { name: "message" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING }
    }
    message_type {
        name: "Status"
        field { name: "code" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 }
        field { name: "message" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING }
    }
"""

_VALUES: Final = """
    name: "PACKAGE.proto" package: "PACKAGE" syntax: "proto3"
    message_type {
        name: "Attribute"
        field { name: "name" number: 1 label: LABEL_OPTIONAL type: TYPE_TEXT }
        field {
            name: "value" number: 2 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".PACKAGE.Value"
        }
    }
    message_type {
        name: "Value"
        oneof_decl { name: "kind" }
        field { name: "text" number: 1 label: LABEL_OPTIONAL type: TYPE_TEXT oneof_index: 0 }
        field { name: "boolean" number: 2 label: LABEL_OPTIONAL type: TYPE_BOOL oneof_index: 0 }
        field { name: "integer" number: 3 label: LABEL_OPTIONAL type: TYPE_INT64 oneof_index: 0 }
        field { name: "double" number: 4 label: LABEL_OPTIONAL type: TYPE_DOUBLE oneof_index: 0 }
        field {
            name: "array" number: 5 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".PACKAGE.Array" oneof_index: 0
        }
        field {
            name: "object" number: 6 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".PACKAGE.Object" oneof_index: 0
        }
        field { name: "binary" number: 7 label: LABEL_OPTIONAL type: TYPE_BYTES oneof_index: 0 }
    }
    message_type {
        name: "Array"
        field {
            name: "values" number: 1 label: LABEL_REPEATED
            type: TYPE_MESSAGE type_name: ".PACKAGE.Value"
        }
    }
    message_type {
        name: "Object"
        field {
            name: "members" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".PACKAGE.Attribute"
        }
    }
"""


def _make_value_classes(package: str, text_type: str) -> list[type[Any]]:
    definition = _VALUES.replace("PACKAGE", package).replace("TYPE_TEXT", text_type)
    return message_classes(definition, "Attribute", "Value")


LOGS, ANSWER, STATUS = message_classes(_LOGS, "Logs", "Answer", "Status")

ATTRIBUTE, VALUE = _make_value_classes("otlp_values", "TYPE_STRING")

ATTRIBUTE_OF_BYTES, VALUE_OF_BYTES = _make_value_classes("otlp_values_of_bytes", "TYPE_BYTES")
"""The same for text that is not UTF-8: senders don't look at it."""
