"""Pushes as Loki's clients make them in protobuf, written by hand from the format's definition."""

import cramjam


def field(number: int, content: bytes | int) -> bytes:
    """One field on the wire. https://protobuf.dev/programming-guides/encoding/"""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def entry(time_ns: int, line: bytes, metadata: dict[bytes, bytes] | None = None) -> bytes:
    seconds, nanos = divmod(time_ns, 10**9)
    pairs = [field(3, field(1, name) + field(2, value)) for name, value in (metadata or {}).items()]
    return field(1, field(1, seconds) + field(2, nanos)) + field(2, line) + b"".join(pairs)


def stream(labels: bytes, *entries: bytes) -> bytes:
    return field(1, field(1, labels) + b"".join(field(2, one) for one in entries) + field(3, 2**63 + 1))


def snappy(*streams: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(b"".join(streams)))
