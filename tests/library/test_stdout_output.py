import os
import threading
from collections.abc import Iterator

import pytest

from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import ERROR, INFO
from ha_ingestor_logging.stdout_output import StdoutOutput


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def read_all(reader: int, size_bytes: int) -> bytes:
    data = b""
    while len(data) < size_bytes:
        data += os.read(reader, size_bytes)
    return data


def test_lines_are_written_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    output = StdoutOutput(writer)
    output.write([(INFO, b"one\n"), (ERROR, b"two\n")])
    marker = FlushMarker(1)
    output.flush(marker)
    assert marker.wait(0)
    assert os.read(reader, 100) == b"one\ntwo\n"
    assert output.dropped == {}
    assert output.has_room


@pytest.mark.parametrize("blocking", [True, False])
def test_more_than_a_pipe_holds_is_written_whole(pipe: tuple[int, int], blocking: bool) -> None:
    reader, writer = pipe
    os.set_blocking(writer, blocking)
    lines = [(INFO, b"%06d" % number + b"x" * 993 + b"\n") for number in range(1000)]
    output = StdoutOutput(writer)
    thread = threading.Thread(target=output.write, args=(lines,))
    thread.start()
    assert read_all(reader, 1_000_000) == b"".join(line for _, line in lines)
    thread.join()
    assert output.dropped == {}


def test_lines_that_nobody_reads_are_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    output = StdoutOutput(writer)
    output.write([(INFO, b"one\n"), (ERROR, b"two\n")])
    assert output.dropped == {("stdout_closed", INFO): 1, ("stdout_closed", ERROR): 1}


def test_lines_can_be_shown_otherwise(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    StdoutOutput(writer, bytes.upper).write([(INFO, b"one\n"), (ERROR, b"two\n")])
    assert os.read(reader, 100) == b"ONE\nTWO\n"
