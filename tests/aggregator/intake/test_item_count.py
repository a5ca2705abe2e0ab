"""Bodies of very many tiny items."""

from collections.abc import Callable

import cramjam
import pytest

from aggregator import limits
from aggregator.errors import TooLargeError
from aggregator.intake import json_array, ndjson
from aggregator.intake.elasticsearch import bulk
from aggregator.intake.item_count import check
from aggregator.intake.loki import json_push, protobuf_push

MANY = limits.BODY_ITEMS + 1


def test_as_many_as_may_be_are_let_through() -> None:
    check(b"\n" * limits.BODY_ITEMS, b"\n", b"{")
    with pytest.raises(TooLargeError) as refused:
        check(b"\n" * MANY, b"{", b"\n")
    assert refused.value.details == {"limit_items": limits.BODY_ITEMS}


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (ndjson.decode, b"{}\n" * MANY),
        (json_array.decode, b"[" + b"{}," * MANY + b"{}]"),
        (json_array.decode, b"[" + b"1," * MANY + b"1]"),
        (json_array.decode, b"[{}" + b",1" * MANY + b"]"),
        (lambda body: bulk.decode(body, None), b'{"index":{}}\n{}\n' * (MANY // 2 + 1)),
        (json_push.decode, b'{"streams":[{"values":[' + b'["1",""],' * MANY + b'["1",""]]}]}'),
        (json_push.decode, b'{"streams":[' + b"{}," * MANY + b"{}]}"),
        (protobuf_push.decode, bytes(cramjam.snappy.compress_raw(b"\x0a\x00" * MANY))),
        (
            protobuf_push.decode,
            bytes(cramjam.snappy.compress_raw(b"\x0a\x82\x92\xf4\x01" + b"\x12\x00" * MANY)),
        ),
    ],
    ids=[
        "lines",
        "array",
        "numbers",
        "object and numbers",
        "bulk",
        "entries",
        "streams",
        "protobuf",
        "its entries",
    ],
)
def test_each_decoder_refuses_them_before_it_takes_them_apart(
    decode: Callable[[bytes], object], body: bytes
) -> None:
    with pytest.raises(TooLargeError):
        decode(body)
