"""Indexes: beside each segment a small file that says what the segment holds, so that most are never opened.

It has the segment's facts and fingerprints of its words and of the values of its IDs and names. All of it is
made of the segment: one that is missing or damaged is made again.
"""

import functools
import mmap
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import numpy as np

from aggregator.errors import AggregatorError
from aggregator.limits import MIB
from aggregator.query import needles
from aggregator.query.needles import Field, Level, Needle, Needs, Value, Word
from aggregator.query.spelling import Spelling
from aggregator.record import normalise
from aggregator.record.fields import RUNNING_TEXT_FIELDS
from aggregator.sql import quote_identifier
from aggregator.store.segments import fingerprints
from aggregator.store.segments.counts import Counts
from aggregator.store.segments.fingerprints import Fingerprints, Probe
from aggregator.store.segments.words import (
    Hashes,
    capitals_mark,
    distinct,
    text_hashes,
    value_hash,
    value_hashes,
    word_hash,
)

_MAGIC: Final = b"HIX3"
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
"""Record fields whose whole values have fingerprints."""


_PROBES: Final = 1024
"""Words of searches that are kept as numbers: each search asks for its own once for every segment."""


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
        held: fingerprints of words and values.
        file: has these, if they stay on the disk.
    """

    facts: Facts
    held: Fingerprints
    file: mmap.mmap | None = None

    def spelled(self, field: str, word: str) -> Spelling:
        """Tell how a word is written in a field of running text."""
        if not self.held.may_hold(_word(field, word)):
            return Spelling.ABSENT
        return Spelling.ANY if self.held.may_hold(_capitals(field, word)) else Spelling.LOWER_CASE

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()


def choice(needs: Needs) -> Callable[[Index], bool]:
    """Make what tells whether the segment of an index may hold what a search needs."""
    return needles.choice(needs, _of_needle)


def _of_needle(needle: Needle) -> Callable[[Index], bool]:
    match needle:
        case Word(text):
            probes = [_word(field, text) for field in RUNNING_TEXT_FIELDS]
            return lambda index: any(map(index.held.may_hold, probes))
        case Value(field, text) if field in VALUE_FIELDS:
            number = value_hash(field, text)
            return _of_any if number is None else _of_number(number)
        case Level(levels):
            return lambda index: not levels.isdisjoint(index.facts.levels)
        case Field(name) if name not in normalise.MARKS:
            return lambda index: index.facts.has_rest or name in index.facts.columns
        case Field() | Value():
            return _of_any


def _of_number(number: int) -> Callable[[Index], bool]:
    probe = Probe.of(number)
    return lambda index: index.held.may_hold(probe)


def _of_any(_: Index) -> bool:
    return True


@functools.lru_cache(_PROBES)
def _word(field: str, word: str) -> Probe:
    return Probe.of(word_hash(field, word))


@functools.lru_cache(_PROBES)
def _capitals(field: str, word: str) -> Probe:
    return Probe.of(capitals_mark(field, word))


def build(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Iterable[str], segment: Path
) -> bytes:
    """Return the bytes of the index file of a segment that has just been written.

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
    encoded = msgspec.msgpack.encode(facts)
    body = _HEAD.pack(_MAGIC, len(encoded)) + encoded
    body += fingerprints.build(distinct(np.concatenate(hashes)))
    return body + _CHECKSUM.pack(zlib.crc32(body))


def decode(data: bytes) -> Index:
    """Return the index whose file has these bytes.

    Raises:
        IndexDamagedError: they are none, or not whole.
    """
    facts, start = _facts(data)
    return Index(facts, Fingerprints(data, start))


def read(path: Path) -> Index:
    """Open an index file; its fingerprints stay on the disk.

    Raises:
        IndexDamagedError: it is missing, none, or not whole.
    """
    try:
        with path.open("rb") as file:
            data = file.read()
            facts, start = _facts(data)
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ, trackfd=False)
    except OSError as error:
        raise IndexDamagedError(f"{path.name}: {error}") from None
    except IndexDamagedError as error:
        raise IndexDamagedError(f"{path.name}: {error.message}") from None
    # A look-up reads two places, and little of what lies around them is ever needed.
    mapped.madvise(mmap.MADV_RANDOM)
    return Index(facts, Fingerprints(data, start, mapped), mapped)


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


def _facts(data: bytes) -> tuple[Facts, int]:
    """The facts of an index file, and where its fingerprints begin."""
    try:
        magic, facts_bytes = _HEAD.unpack_from(data)
        (crc32,) = _CHECKSUM.unpack(data[-_CHECKSUM.size :])
        if magic != _MAGIC:
            raise IndexDamagedError("it is none of this version")
        if zlib.crc32(memoryview(data)[: -_CHECKSUM.size]) != crc32:
            raise IndexDamagedError("it is not whole")
        start = _HEAD.size + facts_bytes
        return msgspec.msgpack.decode(data[_HEAD.size : start], type=Facts), start
    except (struct.error, msgspec.DecodeError) as error:
        raise IndexDamagedError(str(error)) from None


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
    found = connection.execute(select).fetchone() or ()
    for field, text in zip(RUNNING_TEXT_FIELDS, found, strict=bool(found)):
        if text:
            yield text_hashes(field, text)


def _values(connection: duckdb.DuckDBPyConnection, relation: str) -> Iterator[Hashes]:
    """The values of IDs and names in the records."""
    # One after the other: each takes some MiB while it is found.
    for name in VALUE_FIELDS:
        distinct_values = f"SELECT DISTINCT {quote_identifier(name)} AS value FROM {relation}"
        found = connection.execute(f"SELECT {_lines('value')} FROM ({distinct_values})").fetchall()
        for (values,) in found:
            if values:
                yield value_hashes(name, values)


def _lines(column: str) -> str:
    return f"string_agg({column}, chr(10))"
