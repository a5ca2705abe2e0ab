"""Decoder of pushes in protobuf, compressed by Snappy's block format.

https://github.com/grafana/loki/blob/main/pkg/push/push.proto
"""

from typing import Any, Final

import cramjam
from google.protobuf import message, timestamp_pb2

from aggregator import limits
from aggregator.errors import InvalidBodyError, InvalidEncodingError, TooLargeError
from aggregator.intake import item_count
from aggregator.intake.decoded import Decoded
from aggregator.intake.loki import labels
from aggregator.intake.loki.streams import Stream, lines_of
from aggregator.intake.protobuf_classes import message_classes

_NS_PER_S: Final = 10**9


def decode(body: bytes) -> Decoded:
    """Decode a body.

    Raises:
        InvalidEncodingError: it is not compressed by Snappy.
        TooLargeError: it is too large once it is decompressed, or has too many entries.
        InvalidBodyError: it is no push.
    """
    wire = _decompress(body)
    try:
        return lines_of(_streams(wire))
    except (message.DecodeError, ValueError) as error:
        raise InvalidBodyError(f"no push of Loki's: {error}; nothing was taken") from None


def _streams(wire: bytes) -> list[Stream]:
    # What streams, entries and their texts begin with.
    item_count.check(wire, b"\x0a", b"\x12")
    push = _PUSH()
    try:
        push.ParseFromString(wire)
    except message.DecodeError:
        # Senders don't look whether their text is UTF-8.
        push = _PUSH_OF_BYTES()
        push.ParseFromString(wire)
        return [_stream_of_bytes(sent) for sent in push.streams]
    return [
        Stream(
            labels.parse(sent.labels) if sent.labels else {},
            _timestamps(sent.entries),
            [entry.line for entry in sent.entries],
            {
                place: dict(pairs.items())
                for place, pairs in enumerate([entry.structuredMetadata for entry in sent.entries])
                if pairs
            },
        )
        for sent in push.streams
    ]


def _stream_of_bytes(sent: Any) -> Stream:
    return Stream(
        labels.parse(_text(sent.labels)) if sent.labels else {},
        _timestamps(sent.entries),
        [_text(entry.line) for entry in sent.entries],
        {
            place: {_text(pair.key): _text(pair.value) for pair in entry.structuredMetadata}
            for place, entry in enumerate(sent.entries)
            if entry.structuredMetadata
        },
    )


def _timestamps(entries: Any) -> list[str]:
    times = [entry.timestamp for entry in entries]
    return [str(time.seconds * _NS_PER_S + time.nanos) for time in times]


def _text(text: bytes) -> str:
    return text.decode(errors="replace")


def _decompress(body: bytes) -> bytes:
    try:
        size_bytes = cramjam.snappy.decompress_raw_len(body)
        if size_bytes > limits.DECOMPRESSED_BODY_BYTES:
            raise TooLargeError(
                f"the decompressed body is larger than {limits.DECOMPRESSED_BODY_BYTES} bytes",
                limit_bytes=limits.DECOMPRESSED_BODY_BYTES,
            )
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise InvalidEncodingError(f"the body is not compressed by Snappy: {error}") from None


_DEFINITION: Final = """
    name: "PACKAGE.proto" package: "PACKAGE" syntax: "proto3" dependency: "google/protobuf/timestamp.proto"
    message_type {
        name: "Push"
        field {
            name: "streams" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".PACKAGE.Stream"
        }
    }
    message_type {
        name: "Stream"
        field { name: "labels" number: 1 label: LABEL_OPTIONAL type: TYPE_TEXT }
        field {
            name: "entries" number: 2 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".PACKAGE.Entry"
        }
    }
    message_type {
        name: "Entry"
        field {
            name: "timestamp" number: 1 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp"
        }
        field { name: "line" number: 2 label: LABEL_OPTIONAL type: TYPE_TEXT }
        field {
            name: "structuredMetadata" number: 3 label: LABEL_REPEATED
            type: TYPE_MESSAGE type_name: ".PACKAGE.Entry.StructuredMetadataEntry"
        }
        nested_type {
            name: "StructuredMetadataEntry"
            field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_TEXT }
            field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_TEXT }
            options { map_entry: IS_MAP }
        }
    }
"""
"""The messages as far as they are read. On the wire, pairs of name and value are a map: it is read faster."""


def _make_push_class(package: str, *, text_is_utf8: bool) -> type[Any]:
    """Build the class of pushes.

    Args:
        package: name for its messages.
        text_is_utf8: whether text is read as such; else as bytes, with metadata as messages.
    """
    definition = _DEFINITION.replace("PACKAGE", package)
    definition = definition.replace("TYPE_TEXT", "TYPE_STRING" if text_is_utf8 else "TYPE_BYTES")
    definition = definition.replace("IS_MAP", "true" if text_is_utf8 else "false")
    (push,) = message_classes(definition, "Push", imported=[timestamp_pb2.DESCRIPTOR.serialized_pb])
    return push


_PUSH: Final = _make_push_class("loki", text_is_utf8=True)
_PUSH_OF_BYTES: Final = _make_push_class("loki_bytes", text_is_utf8=False)
