"""Classes of protobuf messages, built of a definition that names only what is read."""

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format


def message_classes(definition: str, *names: str, imported: Iterable[bytes] = ()) -> list[type[Any]]:
    """Build classes of messages.

    Args:
        definition: a FileDescriptorProto in protobuf's text format.
        names: of the messages, without their package.
        imported: the serialised files that it imports.
    """
    file = text_format.Parse(definition, descriptor_pb2.FileDescriptorProto())
    pool = descriptor_pool.DescriptorPool()
    for serialised in imported:
        pool.AddSerializedFile(serialised)
    pool.Add(file)
    return [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{name}"))
        for name in names
    ]
