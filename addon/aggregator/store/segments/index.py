"""Indexes: beside each segment a small file that says what the segment holds, so that most are never opened.

It has the segment's facts and a filter of its words and of the values of its IDs and names. All of it is made
of the segment: one that is missing or damaged is made again.
"""

import mmap
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import numpy as np

from aggregator.errors import AggregatorError
from aggregator.limits import MIB
from aggregator.query.needles import Field, Level, Needle, Value, Word
from aggregator.record import normalise
from aggregator.record.fields import RUNNING_TEXT_FIELDS
from aggregator.sql import quote_identifier, quote_literal
from aggregator.store.segments import bloom
from aggregator.store.segments.counts import Counts
from aggregator.store.segments.words import Hashes, distinct, value_hash, value_hashes, word_hash, word_hashes

_MAGIC: Final = b"HIX1"
_HEAD: Final = struct.Struct("<4sI")
_CHECKSUM: Final = struct.Struct("<I")

_PIECE_ROWS: Final = 16_384
"""Records whose words are found at once: a row group, so that none is read twice for them."""

_PIECE_TEXT_BYTES: Final = 8 * MIB
"""Text whose words are found at once, at most: the engine and Python hold it some times over meanwhile."""

TEXT_BYTES: Final = (
    f"({' + '.join(f'coalesce(sum(strlen({name})), 0)' for name in RUNNING_TEXT_FIELDS)})::BIGINT"
)
"""SQL of the length of the running text of some records."""

VALUE_FIELDS: Final = (
    "service",
    "host",
    "logger",
    "source",
    "user",
    "trace_id",
    "span_id",
    "correlation_id",
    "request_id",
    "exception_type",
)
"""Record fields whose whole values the filter knows."""


class IndexDamagedError(AggregatorError):
    """An index file is none, or not whole."""


class Facts(msgspec.Struct, frozen=True):
    """What is known of a segment without opening it.

    Args:
        rows: how many records.
        first_ns: earliest timestamp, ns since the epoch.
        last_ns: latest timestamp, ns since the epoch.
        columns: sender fields that have a column.
        levels: the levels that occur.
        counts: the records by minute, service and level, encoded.
        has_rest: whether some record has sender fields without a column.
        text_bytes: length of the running text of all records.
        segment_bytes: size of the segment's file.
        segment_crc32: checksum of the segment's file.
    """

    rows: int
    first_ns: int
    last_ns: int
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    counts: bytes
    has_rest: bool
    text_bytes: int
    segment_bytes: int
    segment_crc32: int


@dataclass(frozen=True, slots=True)
class Index:
    """The index of a segment.

    Args:
        facts: what is known of it.
        filter: Bloom filter of words and values.
    """

    facts: Facts
    filter: bloom.Bytes

    def may_hold(self, needle: Needle) -> bool:
        """Tell whether some record may hold a needle."""
        match needle:
            case Word(text):
                return bloom.holds(self.filter, word_hash(text))
            case Value(field, text) if field in VALUE_FIELDS:
                number = value_hash(field, text)
                return number is None or bloom.holds(self.filter, number)
            case Level(levels):
                return not levels.isdisjoint(self.facts.levels)
            case Field(name):
                return self.facts.has_rest or name in self.facts.columns or name in normalise.MARKS
            case Value():
                return True

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self.filter, _Mapped):
            self.filter.file.close()


def build(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Iterable[str], segment: Path
) -> Index:
    """Build the index of a segment that has just been written.

    Args:
        connection: where to read.
        relation: SQL behind FROM that stands for its records.
        columns: sender fields that have a column.
        segment: its file.

    Raises:
        duckdb.Error: the segment can't be read.
        OSError: likewise.
    """
    counts = Counts.of(connection, relation)
    row = connection.execute(
        f"SELECT min(timestamp), max(timestamp), count({normalise.REST}) > 0, {TEXT_BYTES} FROM {relation}"
    ).fetchone()
    first_ns, last_ns, has_rest, text_bytes = row or (0, 0, False, 0)
    size_bytes, crc32 = checksum(segment)
    facts = Facts(
        rows=int(counts.rows.sum()),
        first_ns=first_ns,
        last_ns=last_ns,
        columns=tuple(columns),
        levels=tuple({level for _, level in counts.pairs if level is not None}),
        counts=counts.encode(),
        has_rest=has_rest,
        text_bytes=text_bytes,
        segment_bytes=size_bytes,
        segment_crc32=crc32,
    )
    hashes = [
        np.empty(0, np.uint64),
        *_words(connection, relation, facts),
        *_values(connection, relation),
    ]
    return Index(facts, bloom.build(distinct(np.concatenate(hashes))))


def encode(index: Index) -> bytes:
    """Return the bytes of an index file."""
    facts = msgspec.msgpack.encode(index.facts)
    body = _HEAD.pack(_MAGIC, len(facts)) + facts + index.filter[:]
    return body + _CHECKSUM.pack(zlib.crc32(body))


def read(path: Path) -> Index:
    """Open an index file; its filter stays on the disk.

    Raises:
        IndexDamagedError: it is missing, none, or not whole.
    """
    try:
        with path.open("rb") as file:
            data = file.read()
            facts = _facts(data)
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ, trackfd=False)
    except (OSError, struct.error, msgspec.DecodeError, ValueError) as error:
        raise IndexDamagedError(f"{path.name}: {error}") from None
    start = _HEAD.size + _HEAD.unpack_from(data)[1]
    return Index(facts, _Mapped(mapped, start, len(data) - _CHECKSUM.size - start))


def is_whole(path: Path, facts: Facts) -> bool:
    """Tell whether a segment's file is as it was written; one that can't be read is not."""
    try:
        return checksum(path) == (facts.segment_bytes, facts.segment_crc32)
    except OSError:
        return False


def checksum(path: Path) -> tuple[int, int]:
    """Return size in bytes and CRC-32 of a file."""
    size_bytes = crc32 = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            crc32 = zlib.crc32(piece, crc32)
            size_bytes += len(piece)
    return size_bytes, crc32


_PIECE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Mapped:
    """A part of a mapped file."""

    file: mmap.mmap
    start: int
    size_bytes: int

    def __len__(self) -> int:
        return self.size_bytes

    def __getitem__(self, part: slice) -> bytes:
        first, last, _ = part.indices(self.size_bytes)
        return self.file[self.start + first : self.start + last]


def _facts(data: bytes) -> Facts:
    magic, facts_bytes = _HEAD.unpack_from(data)
    (crc32,) = _CHECKSUM.unpack(data[-_CHECKSUM.size :])
    if magic != _MAGIC or zlib.crc32(memoryview(data)[: -_CHECKSUM.size]) != crc32:
        raise ValueError("the index is damaged")
    return msgspec.msgpack.decode(data[_HEAD.size : _HEAD.size + facts_bytes], type=Facts)


def _words(connection: duckdb.DuckDBPyConnection, relation: str, facts: Facts) -> Iterator[Hashes]:
    """The words of the records, in pieces of about as many records."""
    texts = ", ".join(_lines(name) for name in RUNNING_TEXT_FIELDS)
    rows = min(_PIECE_ROWS, max(_PIECE_TEXT_BYTES * facts.rows // max(facts.text_bytes, 1), 1))
    if facts.rows <= rows:
        yield from _words_of(connection, f"SELECT {texts} FROM {relation}")
        return
    first_seq, last_seq = connection.execute(
        f"SELECT min({normalise.SEQ}), max({normalise.SEQ}) FROM {relation}"
    ).fetchone() or (0, 0)
    # Numbers of records may have gaps.
    stride = max((last_seq - first_seq) * rows // facts.rows + 1, rows)
    for start in range(first_seq, last_seq + 1, stride):
        piece = f"{relation} WHERE {normalise.SEQ} BETWEEN {start} AND {start + stride - 1}"
        yield from _words_of(connection, f"SELECT {texts} FROM {piece}")


def _words_of(connection: duckdb.DuckDBPyConnection, select: str) -> Iterator[Hashes]:
    for text in connection.execute(select).fetchone() or ():
        if text:
            yield word_hashes(text)


def _values(connection: duckdb.DuckDBPyConnection, relation: str) -> Sequence[Hashes]:
    fields = " UNION ALL ".join(
        f"SELECT {quote_literal(name)}, {_lines('value')} "
        f"FROM (SELECT DISTINCT {quote_identifier(name)} AS value FROM {relation})"
        for name in VALUE_FIELDS
    )
    return [value_hashes(field, values) for field, values in connection.execute(fields).fetchall() if values]


def _lines(column: str) -> str:
    return f"string_agg({column}, chr(10))"
