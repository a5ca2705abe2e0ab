import gzip
import os
import sys
import time
from pathlib import Path

import pytest

from ha_ingestor_logging.file_lock import FileLock
from ha_ingestor_logging.rotated_files import Retention, RotatedFiles

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EVERYTHING = Retention(0, 0.0, 0)


def rotate(path: Path, files: RotatedFiles, content: bytes) -> None:
    path.write_bytes(content)
    files.take()


def old(path: Path) -> list[Path]:
    return sorted(found for found in path.parent.iterdir() if found.name.startswith(f"{path.name}."))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


@pytest.mark.parametrize(
    ("compression", "suffix", "read"),
    [
        ("zstd", ".zst", lambda path: zstd.decompress(path.read_bytes())),
        ("gzip", ".gz", lambda path: gzip.decompress(path.read_bytes())),
        ("none", "", Path.read_bytes),
    ],
)
def test_old_files_are_compressed(path: Path, compression: str, suffix: str, read: object) -> None:
    files = RotatedFiles(path, compression, EVERYTHING)
    content = b'{"message":"line"}\n' * 100_000
    path.write_bytes(content)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    path.chmod(0o604)
    files.take()
    files.tidy()
    (found,) = old(path)
    assert found.name.endswith(f"Z{suffix}")
    assert callable(read)
    assert read(found) == content
    assert found.stat().st_mtime == 1_000_000_000
    assert found.stat().st_mode & 0o777 == 0o604
    assert not path.exists()
    files.close()


def test_files_that_become_old_at_once_keep_apart(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_795_000_000_000_000_000)
    files = RotatedFiles(path, "zstd", EVERYTHING)
    rotate(path, files, b"1\n")
    files.tidy()
    rotate(path, files, b"2\n")
    rotate(path, files, b"3\n")
    files.tidy()
    assert [zstd.decompress(found.read_bytes()) for found in old(path)] == [b"1\n", b"2\n", b"3\n"]
    files.close()


def test_a_compression_that_was_cut_off_is_done_again(path: Path) -> None:
    files = RotatedFiles(path, "zstd", EVERYTHING)
    rotate(path, files, b"whole\n")
    (source,) = old(path)
    source.with_name(f"{source.name}.zst.part").write_bytes(b"half")
    files.tidy()
    (found,) = old(path)
    assert zstd.decompress(found.read_bytes()) == b"whole\n"
    files.close()


def test_a_deletion_that_was_cut_off_is_done_again(path: Path) -> None:
    files = RotatedFiles(path, "zstd", EVERYTHING)
    rotate(path, files, b"whole\n")
    (source,) = old(path)
    source.with_name(f"{source.name}.zst").write_bytes(zstd.compress(b"whole\n"))
    files.tidy()
    (found,) = old(path)
    assert zstd.decompress(found.read_bytes()) == b"whole\n"
    files.close()


def test_the_newest_files_are_kept_by_number(path: Path) -> None:
    files = RotatedFiles(path, "none", Retention(3, 0.0, 0))
    for number in range(7):
        rotate(path, files, b"%d" % number)
    files.tidy()
    assert [found.read_bytes() for found in old(path)] == [b"4", b"5", b"6"]
    files.close()


def test_the_newest_files_are_kept_by_size(path: Path) -> None:
    files = RotatedFiles(path, "none", Retention(0, 0.0, 2500))
    for number in range(5):
        rotate(path, files, b"%d" % number * 1000)
    files.tidy()
    assert [found.read_bytes()[:1] for found in old(path)] == [b"3", b"4"]
    files.close()


def test_files_are_kept_by_the_age_of_their_last_line(path: Path) -> None:
    files = RotatedFiles(path, "gzip", Retention(0, 3600.0, 0))
    for age_s in (7000, 4000, 3000, 0):
        path.write_bytes(b"%d" % age_s)
        os.utime(path, (time.time() - age_s,) * 2)
        files.take()
    files.tidy()
    assert [gzip.decompress(found.read_bytes()) for found in old(path)] == [b"3000", b"0"]
    files.close()


def test_other_files_are_left_alone(path: Path) -> None:
    files = RotatedFiles(path, "zstd", Retention(1, 0.001, 1))
    names = {
        "app.log.1",
        "app.log.20261125T103000.123456789Z.bak",
        "other.log.20261125T103000.123456789Z",
        "app.log.20261125T103000.123456789",
        "app.log.zst",
    }
    for name in names:
        path.with_name(name).write_text("mine")
        os.utime(path.with_name(name), (0, 0))
    files.tidy()
    assert names <= {found.name for found in path.parent.iterdir()}
    files.close()


def test_only_one_process_at_a_time_tidies(path: Path) -> None:
    files = RotatedFiles(path, "zstd", EVERYTHING)
    rotate(path, files, b"line\n")
    other = FileLock(path.with_name(".app.log.rotated.lock"))
    assert other.acquire()
    assert not files.tidy()
    (found,) = old(path)
    assert found.read_bytes() == b"line\n"
    other.close()
    assert files.tidy()
    assert [found.suffix for found in old(path)] == [".zst"]
    files.close()


def test_a_full_disk_leaves_nothing_half_and_does_not_keep_old_files(path: Path) -> None:
    resource = pytest.importorskip("resource")
    files = RotatedFiles(path, "gzip", Retention(2, 0.0, 0))
    for _ in range(3):
        rotate(path, files, os.urandom(50_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            files.tidy()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [found.stat().st_size for found in old(path)] == [50_000, 50_000]
    files.close()
