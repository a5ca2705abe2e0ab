"""Decoder of pushes in protobuf, compressed by Snappy's block format.

https://github.com/grafana/loki/blob/main/pkg/push/push.proto
"""

from typing import Any, Final

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory, timestamp_pb2

from aggregator import limits
from aggregator.errors import InvalidBodyError, InvalidEncodingError, TooLargeError
from aggregator.intake.decoded import Decoded
from aggregator.intake.loki import labels
from aggregator.intake.loki.streams import Stream, lines_of

_Type = descriptor_pb2.FieldDescriptorProto.Type
_NS_PER_S: Final = 10**9


def decode(body: bytes) -> Decoded:
    """Decode a body.

    Raises:
        InvalidEncodingError: it is not compressed by Snappy.
        TooLargeError: it is too large once it is decompressed.
        InvalidBodyError: it is no push.
    """
    push = _PUSH()
    try:
        push.ParseFromString(_decompress(body))
        streams = [_stream(sent) for sent in push.streams]
    except (message.DecodeError, ValueError) as error:
        raise InvalidBodyError(f"no push of Loki's: {error}; nothing was taken") from None
    return lines_of(streams)


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


def _stream(sent: Any) -> Stream:
    entries = sent.entries
    times = [entry.timestamp for entry in entries]
    timestamps = [str(time.seconds * _NS_PER_S + time.nanos) for time in times]
    metadata: dict[int, dict[str, labels.Value]] = {
        place: {_text(pair.name): _text(pair.value) for pair in entry.structuredMetadata}
        for place, entry in enumerate(entries)
        if entry.structuredMetadata
    }
    return Stream(
        labels.parse(_text(sent.labels)) if sent.labels else {},
        timestamps,
        _texts([entry.line for entry in entries]),
        metadata,
    )


def _texts(lines: list[bytes]) -> list[str]:
    try:
        return list(map(bytes.decode, lines))
    except UnicodeDecodeError:
        return list(map(_text, lines))


def _text(line: bytes) -> str:
    return line.decode(errors="replace")


def _make_push_class() -> type[Any]:
    """Build the message class; text is read as bytes, since senders don't look whether it is UTF-8."""
    file = descriptor_pb2.FileDescriptorProto(
        name="aggregator/loki_push.proto",
        package="aggregator.loki",
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    for name, fields in _MESSAGES.items():
        described = file.message_type.add(name=name)
        for number, (field, kind, is_repeated) in fields.items():
            label = (
                descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
                if is_repeated
                else descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
            )
            added = described.field.add(name=field, number=number, label=label)
            if kind is None:
                added.type = _Type.TYPE_BYTES
            else:
                added.type = _Type.TYPE_MESSAGE
                added.type_name = kind
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("aggregator.loki.Push"))


_MESSAGES: Final[dict[str, dict[int, tuple[str, str | None, bool]]]] = {
    "Pair": {1: ("name", None, False), 2: ("value", None, False)},
    "Entry": {
        1: ("timestamp", ".google.protobuf.Timestamp", False),
        2: ("line", None, False),
        3: ("structuredMetadata", ".aggregator.loki.Pair", True),
    },
    "Stream": {1: ("labels", None, False), 2: ("entries", ".aggregator.loki.Entry", True)},
    "Push": {1: ("streams", ".aggregator.loki.Stream", True)},
}
"""Fields of each message by their numbers: name, message type (None for bytes), whether repeated."""

_PUSH: Final = _make_push_class()
