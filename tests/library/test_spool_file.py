import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.levels import ERROR, INFO
from ha_ingestor_logging.spool_file import SpoolFile, encode


def batch(number: int) -> Batch:
    return Batch.of([(INFO, b'{"level":"INFO","n":%d}\n' % number), (ERROR, b'{"level":"ERROR"}\n')])


BATCHES = [batch(number) for number in range(5)]


@contextmanager
def spool_file(content: bytes) -> Iterator[SpoolFile]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        file = SpoolFile(path)
        yield file
        file.close()


def read_all(file: SpoolFile) -> list[Batch]:
    found = []
    while waiting := file.oldest():
        found.append(waiting)
        file.delivered()
    return found


def test_batches_come_back_in_order_and_once(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "file")
    for one in BATCHES[:3]:
        file.append(one)
    assert file.oldest() == file.oldest() == BATCHES[0]
    assert read_all(file) == BATCHES[:3]
    for one in BATCHES[3:]:
        file.append(one)
    assert read_all(file) == BATCHES[3:]
    file.close()


def test_what_was_delivered_is_not_read_again_by_the_next_process(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "file")
    for one in BATCHES:
        file.append(one)
    for _ in range(2):
        file.oldest()
        file.delivered()
    file.close()
    again = SpoolFile(tmp_path / "file")
    assert read_all(again) == BATCHES[2:]
    again.close()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    SpoolFile(tmp_path / "file").close()
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


@given(st.integers(min_value=0, max_value=len(encode(BATCHES[2])) - 1))
def test_a_torn_tail_costs_only_itself(kept_bytes: int) -> None:
    content = encode(BATCHES[0]) + encode(BATCHES[1]) + encode(BATCHES[2])[:kept_bytes]
    with spool_file(content) as file:
        assert read_all(file) == BATCHES[:2]
        header_is_whole = kept_bytes >= 40
        assert file.damaged_by_level == ({INFO: 1, ERROR: 1} if header_is_whole else {})
        file.append(BATCHES[3])
        assert read_all(file) == [BATCHES[3]]


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_damaged_byte_costs_only_its_batch(place: int, change: int) -> None:
    content = bytearray(b"".join(map(encode, BATCHES)))
    place %= len(content)
    content[place] ^= change
    damaged = place // len(encode(BATCHES[0])) if len({len(encode(one)) for one in BATCHES}) == 1 else None
    assert damaged is not None
    with spool_file(bytes(content)) as file:
        assert read_all(file) == [one for number, one in enumerate(BATCHES) if number != damaged]


@given(st.binary(max_size=200))
def test_any_other_content_is_skipped(noise: bytes) -> None:
    with spool_file(noise + encode(BATCHES[0]) + noise) as file:
        assert read_all(file) == [BATCHES[0]]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SpoolFile(tmp_path / "file")
    file.append(BATCHES[0])
    write = os.pwrite

    def write_a_part(descriptor: int, data: bytes, offset: int) -> int:
        if offset > len(encode(BATCHES[0])):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:10], offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", write_a_part)
        with pytest.raises(OSError, match="No space left"):
            file.append(BATCHES[1])
    assert (tmp_path / "file").read_bytes() == encode(BATCHES[0])
    file.append(BATCHES[2])
    assert read_all(file) == [BATCHES[0], BATCHES[2]]
    file.close()
