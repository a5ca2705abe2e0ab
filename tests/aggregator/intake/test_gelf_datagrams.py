"""Messages of GELF in datagrams."""

import gzip
import json
import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.gelf_datagrams import Assembly, decode
from aggregator.intake.sockets.delivery import Batch

MESSAGE = b'{"version":"1.1","host":"attic","short_message":"hi","level":4}'


class Counting:
    """An assembly, with a clock to set."""

    def __init__(self) -> None:
        self.lost = Counter[str]()
        self.now_s = 0.0
        self._assembly = Assembly(lambda reason, count: self.lost.update({reason: count}), lambda: self.now_s)

    def take(self, *datagrams: bytes, sender: bytes = b"10.0.0.9") -> list[bytes]:
        taken = self._assembly(Batch(datagrams, [sender] * len(datagrams)))
        assert len(taken.messages) == len(taken.senders)
        return list(taken.messages)


def chunk(content: bytes, number: int, count: int, identity: bytes = b"01234567") -> bytes:
    return b"\x1e\x0f" + identity + bytes([number, count]) + content


@given(st.data())
def test_chunks_are_put_together_in_whatever_order_they_come(data: st.DataObject) -> None:
    sent = {
        identity.to_bytes(8): data.draw(st.lists(st.binary(max_size=5), min_size=1, max_size=128))
        for identity in range(data.draw(st.integers(1, 3)))
    }
    chunks = [
        chunk(content, number, len(contents), identity)
        for identity, contents in sent.items()
        for number, content in enumerate(contents)
    ]
    counting = Counting()
    taken = counting.take(*data.draw(st.permutations(chunks)), MESSAGE)
    assert sorted(taken) == sorted([*map(b"".join, sent.values()), MESSAGE])
    assert not counting.lost


@given(
    st.lists(st.one_of(st.binary(max_size=20), st.binary(max_size=20).map(lambda rest: b"\x1e\x0f" + rest)))
)
def test_whatever_comes_is_taken_or_counted(datagrams: list[bytes]) -> None:
    counting = Counting()
    for datagram in datagrams:
        counting.take(datagram)
    assert counting.lost.keys() <= {"invalid_chunk"}


def test_a_chunk_that_comes_twice_counts_once() -> None:
    counting = Counting()
    assert counting.take(chunk(b"a", 0, 2), chunk(b"a", 0, 2)) == []
    assert counting.take(chunk(b"b", 1, 2)) == [b"ab"]


def test_messages_of_several_senders_may_have_the_same_id() -> None:
    counting = Counting()
    counting.take(chunk(b"a", 0, 2), sender=b"10.0.0.1")
    assert counting.take(chunk(b"b", 1, 2), sender=b"10.0.0.2") == []
    assert counting.take(chunk(b"c", 1, 2), sender=b"10.0.0.1") == [b"ac"]


def test_a_message_that_is_not_complete_in_time_is_given_up_and_counted() -> None:
    counting = Counting()
    counting.take(chunk(b"a", 0, 2))
    counting.now_s = limits.CHUNKS_S
    assert counting.take(chunk(b"b", 1, 2)) == []
    assert counting.lost == {"chunks_missing": 1}


@pytest.mark.parametrize(
    "datagram", [b"\x1e\x0f", chunk(b"", 0, 0), chunk(b"", 2, 2), chunk(b"", 0, 129), chunk(b"", 0, 2)[:11]]
)
def test_what_is_no_chunk_is_counted(datagram: bytes) -> None:
    counting = Counting()
    assert counting.take(datagram, MESSAGE) == [MESSAGE]
    assert counting.lost == {"invalid_chunk": 1}


def test_memory_is_bounded_whatever_is_begun() -> None:
    counting = Counting()
    for identity in range(3000):
        counting.take(chunk(b"x" * 8000, 0, 2, identity.to_bytes(8)))
    assert 500 < counting.lost["too_many_chunks"] < 3000
    assert counting.take(chunk(b"y", 1, 2, (2999).to_bytes(8))) == [b"x" * 8000 + b"y"]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zlib.compress])
def test_compressed_messages_are_understood(compress: type[bytes]) -> None:
    decoded = decode([compress(MESSAGE), MESSAGE], [b"10.0.0.9"] * 2)
    rows = list(map(json.loads, decoded.lines.splitlines()))
    assert decoded.rows == 2
    assert [(row["message"], row["level"], row["host"]) for row in rows] == [("hi", "WARNING", "attic")] * 2


def test_bad_messages_are_refused_one_by_one() -> None:
    bomb = zlib.compress(b" " * 2 * limits.LINE_BYTES)
    decoded = decode([b"\x1f\x8bx", MESSAGE, bomb, b"no JSON"], [b"10.0.0.9"] * 4)
    assert decoded.rows == 1
    assert decoded.refused() == {"invalid_encoding": 1, "too_long": 1, "invalid_json": 1}
