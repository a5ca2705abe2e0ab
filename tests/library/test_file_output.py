import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ha_ingestor_logging.file_lock import FileLock
from ha_ingestor_logging.file_output import FileOutput
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import ERROR, INFO
from ha_ingestor_logging.output import Line
from ha_ingestor_logging.settings import Settings
from tests.library.conftest import ROOT, RunScript

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MakeOutput = Callable[..., FileOutput]

WRITER = """
import sys
from ha_ingestor_logging import configure, get_logger
configure(service=sys.argv[2], output="file", file=sys.argv[1], file_size_bytes=40_000, file_count_max=0)
log = get_logger()
for number in range(3000):
    log.info("line", n=number, padding="x" * (number % 300))
"""


@pytest.fixture
def reported() -> list[str]:
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "app.log"


@pytest.fixture
def make_output(path: Path, reported: list[str]) -> Iterator[MakeOutput]:
    made: list[FileOutput] = []

    def report(_level: int, message: str, /, **_fields: object) -> None:
        reported.append(message)

    def make(**settings: Any) -> FileOutput:
        output = FileOutput(Settings(file=str(path), **settings), report)
        output.start()
        made.append(output)
        return output

    yield make
    for output in made:
        output.close()


def line(number: int, padding: int = 0) -> Line:
    return INFO, json.dumps({"n": number, "padding": "x" * padding}).encode() + b"\n"


def old(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*Z*"))


def contents(path: Path) -> list[bytes]:
    """What all files hold, oldest first; waits until the old ones are compressed."""
    deadline = time.monotonic() + 30
    while not all(found.suffix == ".zst" for found in old(path)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    found = [zstd.decompress(found.read_bytes()) for found in old(path)]
    return [*found, path.read_bytes()] if path.exists() else found


def numbers(content: bytes) -> list[int]:
    return [json.loads(text)["n"] for text in content.splitlines()]


def test_lines_are_appended_in_order(make_output: MakeOutput, path: Path) -> None:
    output = make_output()
    output.write([line(1), line(2)])
    output.write([line(3)])
    marker = FlushMarker(1)
    output.flush(marker)
    assert marker.wait(10)
    output.close()
    output = make_output()
    output.write([line(4)])
    assert numbers(path.read_bytes()) == [1, 2, 3, 4]
    assert path.stat().st_mode & 0o007 == 0


def test_a_full_file_is_compressed_and_no_file_exceeds_its_size(make_output: MakeOutput, path: Path) -> None:
    output = make_output(file_size_bytes=1000)
    output.write([line(number, padding=80) for number in range(50)])
    output.write([line(50, padding=2000), line(51)])
    found = contents(path)
    assert [number for content in found for number in numbers(content)] == list(range(52))
    assert all(len(content) <= 1000 or numbers(content) == [50] for content in found)
    assert len(found) <= 8


def test_a_new_file_is_begun_with_each_interval(make_output: MakeOutput, path: Path) -> None:
    output = make_output(file_interval_s=86_400.0)
    output.write([line(1)])
    os.utime(path, (time.time() - 90_000,) * 2)
    output.write([line(2)])
    output.write([line(3)])
    assert [numbers(content) for content in contents(path)] == [[1], [2, 3]]


def test_a_new_file_is_begun_after_a_restart_in_another_interval(make_output: MakeOutput, path: Path) -> None:
    make_output().write([line(1)])
    os.utime(path, (time.time() - 90_000,) * 2)
    make_output().write([line(2)])
    assert [numbers(content) for content in contents(path)] == [[1], [2]]


def test_neither_size_nor_time_may_count(make_output: MakeOutput, path: Path) -> None:
    output = make_output(file_size_bytes=0, file_interval_s=0.0)
    output.write([line(number, padding=1000) for number in range(100)])
    os.utime(path, (0, 0))
    output.write([line(100)])
    assert [numbers(content) for content in contents(path)] == [list(range(101))]


@pytest.mark.parametrize("how", ["rename", "unlink", "truncate"])
def test_a_file_that_somebody_else_rotates_is_left_at_once(
    make_output: MakeOutput, path: Path, how: str
) -> None:
    output = make_output()
    output.write([line(1)])
    moved = path.with_name("moved")
    if how == "rename":
        path.rename(moved)
    elif how == "unlink":
        path.unlink()
    else:
        os.truncate(path, 0)
    output.write([line(2)])
    assert numbers(path.read_bytes()) == [2]
    if how == "rename":
        assert numbers(moved.read_bytes()) == [1]


def test_a_line_after_a_torn_one_stands_alone(make_output: MakeOutput, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"n":0}\n{"n":1,"tor')
    make_output().write([line(2)])
    first, torn, last = path.read_bytes().splitlines()
    assert (json.loads(first)["n"], torn, json.loads(last)["n"]) == (0, b'{"n":1,"tor', 2)


def test_what_a_killed_process_left_is_compressed_at_the_next_start(
    make_output: MakeOutput, path: Path
) -> None:
    path.parent.mkdir()
    rotated = path.with_name("app.log.20261125T103000.123456789Z")
    rotated.write_bytes(line(0)[1])
    rotated.with_name(f"{rotated.name}.zst.part").write_bytes(b"half")
    make_output().write([line(1)])
    deadline = time.monotonic() + 30
    while list(path.parent.glob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [numbers(content) for content in contents(path)] == [[0], [1]]


def test_old_files_are_deleted_as_new_ones_come(make_output: MakeOutput, path: Path) -> None:
    output = make_output(file_size_bytes=1000, file_count_max=2)
    for number in range(30):
        output.write([line(number, padding=700)])
    deadline = time.monotonic() + 30
    while len(old(path)) > 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [numbers(content) for content in contents(path)] == [[27], [28], [29]]


def test_what_a_link_points_to_is_rotated(make_output: MakeOutput, path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    target = tmp_path / "target.log"
    target.touch()
    path.symlink_to(target)
    output = make_output(file_size_bytes=10)
    output.write([line(1), line(2)])
    assert path.is_symlink()
    assert numbers(path.read_bytes()) == [2]
    assert [numbers(content) for content in contents(target)] == [[1], [2]]


def test_a_file_that_cannot_be_written_costs_counted_lines_and_is_said_once(
    make_output: MakeOutput, path: Path, reported: list[str]
) -> None:
    path.mkdir(parents=True)
    output = make_output()
    output.write([line(1), (ERROR, b"{}\n")])
    output.write([line(2)])
    assert output.dropped == {("file_failed", INFO): 2, ("file_failed", ERROR): 1}
    assert (output.has_room, output.failure is None) == (False, False)
    marker = FlushMarker(1)
    output.flush(marker)
    assert not marker.wait(10)
    path.rmdir()
    output.write([line(3)])
    assert numbers(path.read_bytes()) == [3]
    assert (output.has_room, output.failure) == (True, None)
    assert reported == ["the log file can't be written", "the log file can be written again"]


def test_a_full_disk_leaves_whole_lines(make_output: MakeOutput, path: Path) -> None:
    resource = pytest.importorskip("resource")
    output = make_output()
    output.write([line(1)])
    size_bytes = path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes + 100, hard))
    try:
        output.write([line(2, padding=5000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.stat().st_size == size_bytes
    output.write([line(3)])
    assert numbers(path.read_bytes()) == [1, 3]
    assert output.dropped == {("file_failed", INFO): 1}


def test_a_pipe_is_no_log_file(make_output: MakeOutput, path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    output = make_output()
    output.write([line(1)])
    assert output.dropped == {("file_failed", INFO): 1}
    assert "not a regular file" in (output.failure or "")


def test_a_process_that_was_stopped_holds_nobody_up_for_ever(
    make_output: MakeOutput, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ha_ingestor_logging.file_output._LOCK_TIMEOUT_S", 0.1)
    path.parent.mkdir()
    stopped = FileLock(path.with_name(".app.log.lock"))
    assert stopped.acquire()
    output = make_output()
    output.write([line(1)])
    assert output.dropped == {("file_failed", INFO): 1}
    stopped.close()
    output.write([line(2)])
    assert numbers(path.read_bytes()) == [2]


def test_several_processes_share_a_file_and_its_rotation(path: Path) -> None:
    path.parent.mkdir()
    command = [sys.executable, "-c", WRITER, str(path)]
    environment = {"PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([*command, f"writer-{number}"], env=environment) for number in range(3)]
    assert [writer.wait(90) for writer in writers] == [0, 0, 0]
    found = [
        zstd.decompress(one.read_bytes()) if one.suffix == ".zst" else one.read_bytes()
        for one in [*old(path), path]
        if one.suffix != ".part"
    ]
    assert len(found) > 20
    assert all(len(content) <= 40_000 for content in found)
    records = [json.loads(text) for content in found for text in content.splitlines()]
    for number in range(3):
        mine = [record["n"] for record in records if record["service"] == f"writer-{number}"]
        assert mine == list(range(3000))


def test_threads_of_one_process_that_write_while_another_rotates_lose_nothing(
    make_output: MakeOutput, path: Path
) -> None:
    outputs = [make_output(file_size_bytes=2000, file_count_max=0) for _ in range(3)]

    def write(writer: int) -> None:
        for number in range(300):
            outputs[writer].write([line(writer * 1000 + number)])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [number for content in contents(path) for number in numbers(content)]
    assert sorted(written) == [writer * 1000 + number for writer in range(3) for number in range(300)]


def test_forked_children_write_to_the_same_file(run_script: RunScript, path: Path) -> None:
    done = run_script(
        """
        import os, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from ha_ingestor_logging import configure, flush, get_logger, shutdown
        configure(output="file", file_size_bytes=3000, file_count_max=0, file_compression="none")
        log = get_logger()
        log.info("line", n=0)
        assert flush(10)
        children = []
        for child_number in range(1, 5):
            child = os.fork()
            if child == 0:
                for number in range(100):
                    log.info("line", n=child_number * 1000 + number)
                os._exit(0 if shutdown(20) else 1)
            children.append(child)
        for number in range(1, 100):
            log.info("line", n=number)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        """,
        HA_INGESTOR_LOG_FILE=str(path),
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = [number for found in [*old(path), path] for number in numbers(found.read_bytes())]
    assert sorted(written) == [child * 1000 + number for child in range(5) for number in range(100)]
