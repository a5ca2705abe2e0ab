import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.levels import CRITICAL, DEBUG, ERROR, INFO, LEVEL_NAMES, WARNING
from ha_ingestor_logging.output import Line
from ha_ingestor_logging.spool import Spool
from tests.library.conftest import ROOT, RunScript

ROOM_BYTES = 2**20

WRITER = """
import sys, time
from pathlib import Path
from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.spool import Spool
spool = Spool(Path(sys.argv[1]), 2**20)
for number in range(3):
    spool.append(Batch.of([(20, b'{"level":"INFO","n":%d}\\n' % number)]))
print("written", flush=True)
time.sleep(60)
"""


def line(level: int, noise_bytes: int = 0) -> Line:
    noise = os.urandom(noise_bytes // 2).hex()
    return level, f'{{"level":"{LEVEL_NAMES[level]}","noise":"{noise}"}}\n'.encode()


def numbered(number: int) -> Batch:
    return Batch.of([(INFO, b'{"level":"INFO","n":%d}\n' % number)])


def read_all(spool: Spool) -> list[Batch]:
    found = []
    while batch := spool.oldest():
        found.append(batch)
        spool.delivered()
    return found


def read_inherited(spool: Spool) -> list[Batch]:
    found = []
    spool.inherit()
    while batch := spool.oldest_inherited():
        found.append(batch)
        spool.inherited_delivered()
    return found


def test_batches_come_back_in_order_over_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ha_ingestor_logging.spool_series._FILE_BYTES", 200)
    spool = Spool(tmp_path / "spool", ROOM_BYTES)
    for number in range(10):
        spool.append(numbered(number))
    assert len(list((tmp_path / "spool").glob("*.spool"))) > 2
    assert read_all(spool) == [numbered(number) for number in range(10)]
    assert list((tmp_path / "spool").glob("*.spool")) == []
    spool.append(numbered(10))
    assert read_all(spool) == [numbered(10)]
    spool.close()
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_a_process_leaves_is_taken_over_in_order(tmp_path: Path) -> None:
    first = Spool(tmp_path, ROOM_BYTES)
    for number in range(5):
        first.append(numbered(number))
    first.oldest()
    first.delivered()
    first.close()
    second = Spool(tmp_path, ROOM_BYTES)
    assert read_inherited(second) == [numbered(number) for number in range(1, 5)]
    assert list(tmp_path.iterdir()) == []


def test_what_is_taken_over_is_again_left_to_the_next(tmp_path: Path) -> None:
    for number in range(3):
        spool = Spool(tmp_path, ROOM_BYTES)
        spool.inherit()
        assert (spool.oldest_inherited() is not None) == (number > 0)
        spool.append(numbered(number))
        spool.close()
    last = Spool(tmp_path, ROOM_BYTES)
    assert [read_inherited(last) for _ in range(4)] == [[numbered(0)], [numbered(1)], [numbered(2)], []]


def test_a_living_process_keeps_its_own_and_a_killed_one_leaves_them(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        spool = Spool(tmp_path, ROOM_BYTES)
        assert read_inherited(spool) == []
        writer.kill()
        writer.wait(30)
    assert read_inherited(spool) == [numbered(number) for number in range(3)]
    assert list(tmp_path.iterdir()) == []


def test_two_processes_never_take_over_the_same(tmp_path: Path) -> None:
    for number in range(2):
        dead = Spool(tmp_path, ROOM_BYTES)
        dead.append(numbered(number))
        dead.close()
    first, second, third = (Spool(tmp_path, ROOM_BYTES) for _ in range(3))
    for spool in (first, second, third):
        spool.inherit()
    assert [spool.oldest_inherited() for spool in (first, second, third)] == [numbered(0), numbered(1), None]
    first.close()
    second.close()


def test_a_forked_child_leaves_the_files_to_its_parent(run_script: RunScript, tmp_path: Path) -> None:
    done = run_script(
        """
        import os, sys
        from pathlib import Path
        from ha_ingestor_logging.batch import Batch
        from ha_ingestor_logging.spool import Spool

        def batch(name):
            return Batch.of([(20, b'{"level":"INFO","from":"%s"}\\n' % name)])

        spool = Spool(Path(os.environ["SPOOL"]), 2**20)
        spool.append(batch(b"parent"))
        child = os.fork()
        if child == 0:
            spool.after_fork()
            assert spool.is_empty
            spool.inherit()
            assert spool.oldest_inherited() is None
            spool.append(batch(b"child"))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        spool.inherit()
        assert spool.oldest_inherited() == batch(b"child")
        assert spool.oldest() == batch(b"parent")
        """,
        SPOOL=str(tmp_path / "spool"),
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    names = {"app.log.lock", "notes.spool", "a.b.spool", "0.lock"}
    for name in names:
        (tmp_path / name).write_text("mine")
    spool = Spool(tmp_path, ROOM_BYTES)
    spool.append(numbered(0))
    assert read_all(spool) == [numbered(0)]
    assert read_inherited(spool) == []
    spool.close()
    assert {path.name for path in tmp_path.iterdir()} == names


def test_the_room_is_bounded_and_the_least_severe_finds_none_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100_000)
    sizes = {DEBUG: 0, INFO: 0, WARNING: 0, ERROR: 0}
    for level in sizes:
        for _ in range(200):
            spool.append(Batch.of([line(level, 2000)]))
        sizes[level] = sum(path.stat().st_size for path in tmp_path.glob("*.spool"))
    # Each share of the room may be passed by what a file has besides its batches.
    assert 55_000 < sizes[DEBUG] < 61_000 < sizes[INFO] < 81_000 < sizes[WARNING] < 91_000 < sizes[ERROR]
    assert sizes[ERROR] < 101_000
    room = [spool.has_room]
    kept = [level for batch in read_all(spool) for level in batch.records_by_level]
    assert kept == sorted(kept)
    assert [*room, spool.has_room] == [False, True]
    for level in sizes:
        assert spool.dropped["spool_full", level] == 200 - kept.count(level)
    spool.close()


def test_of_a_mixed_batch_only_what_fits_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100_000)
    while spool.size_bytes < 70_000:
        spool.append(Batch.of([line(CRITICAL, 2000)]))
    waiting = spool.spooled
    spool.append(Batch.of([line(DEBUG), line(ERROR), line(DEBUG)]))
    assert spool.dropped == {("spool_full", DEBUG): 2}
    assert spool.spooled == waiting + 1
    assert read_all(spool)[-1].records_by_level == {ERROR: 1}
    spool.close()


def test_errors_beside_lines_that_find_no_room_are_kept_until_it_is_full(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100_000)
    errors = 0
    for _ in range(20):
        lines = [line(DEBUG, 1000) for _ in range(100)] + [line(INFO, 1000) for _ in range(100)]
        spool.append(Batch.of([*lines, line(ERROR, 1000)]))
        errors += 1
        assert ("spool_full", ERROR) not in spool.dropped
    kept: Counter[int] = sum((Counter(batch.records_by_level) for batch in read_all(spool)), Counter())
    assert kept[ERROR] == errors
    assert (kept[DEBUG], kept[INFO]) == (0, 100)
    assert spool.dropped == {("spool_full", DEBUG): 2000, ("spool_full", INFO): 1900}
    spool.close()


def test_the_room_is_shared_by_all_processes(tmp_path: Path) -> None:
    first, second = Spool(tmp_path, 100_000), Spool(tmp_path, 100_000)
    for _ in range(45):
        first.append(Batch.of([line(ERROR, 4000)]))
    second.append(Batch.of([line(INFO, 10)]))
    assert second.dropped == {("spool_full", INFO): 1}
    first.close()
    second.close()


def test_lines_of_a_damaged_batch_are_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ROOM_BYTES)
    spool.append(numbered(0))
    spool.append(numbered(1))
    spool.close()
    (path,) = tmp_path.glob("*.spool")
    path.write_bytes(path.read_bytes()[:-1])
    again = Spool(tmp_path, ROOM_BYTES)
    assert read_inherited(again) == [numbered(0)]
    assert again.dropped == {("spool_damaged", INFO): 1}


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "spool", ROOM_BYTES)
    with pytest.raises(OSError, match="file"):
        spool.append(numbered(0))
    assert spool.is_empty
    spool.inherit()
    spool.close()


def test_several_batches_are_kept_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, ROOM_BYTES)
    batches = [numbered(number) for number in range(5)]
    syncs: list[int] = []
    sync = os.fsync

    def count_and_fail(descriptor: int) -> None:
        syncs.append(descriptor)
        if len(syncs) == 1:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr("ha_ingestor_logging.spool_file.os.fsync", count_and_fail)
    with pytest.raises(OSError, match="No space"):
        spool.append(*batches)
    assert (spool.is_empty, spool.spooled, spool.dropped) == (True, 0, {})
    syncs[:] = [0]
    spool.append(*batches)
    assert len(syncs) <= 3  # the first, the file and its folder
    assert spool.spooled == 5
    assert read_all(spool) == batches
    spool.close()
