import os
import subprocess
import sys
import time
from pathlib import Path

from ha_ingestor_logging.file_lock import FileLock
from tests.library.conftest import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from ha_ingestor_logging.file_lock import FileLock
assert FileLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_only_one_holds_it(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire(0.05)
    first.release()
    assert second.acquire()
    assert not first.acquire()
    second.close()
    assert first.acquire()
    first.close()


def test_it_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        lock = FileLock(tmp_path / "lock")
        assert not lock.acquire()
        holder.kill()
        holder.wait(30)
        assert lock.acquire(30)
        lock.close()


def test_a_forked_child_that_closes_it_leaves_it_to_its_parent(tmp_path: Path) -> None:
    lock, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert lock.acquire()
    assert lock._descriptor is not None
    os.close(os.dup(lock._descriptor))
    assert not other.acquire()
    lock.close()
    other.close()


def test_a_lock_whose_file_was_removed_is_no_lock(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire()
    first.remove()
    assert second.acquire()
    assert (tmp_path / "lock").exists()
    third = FileLock(tmp_path / "lock")
    assert not third.acquire()
    second.close()
    third.close()


def test_waiting_ends_at_its_deadline(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()
    started = time.monotonic()
    assert not second.acquire(0.2)
    assert 0.2 <= time.monotonic() - started < 10
    first.close()
    second.close()
