"""Interrupts a process at a chosen system call on a chosen file, by strace."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SYSCALLS = (
    "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,"
    "truncate,ftruncate,mkdir,mkdirat"
)
"""What changes files, or makes changes durable."""

_CALL = re.compile(r"^\d+ +(\w+)\((.*)")
_PATH = re.compile(r'<(/[^>]*)>|"(/[^"]*)"')


@dataclass(frozen=True)
class Boundary:
    """A moment in the life of the files: just before a system call.

    Args:
        syscall: its name.
        path: the file that it works on, absolute.
        number: how many of its kind on this file came up to it, from 1.
    """

    syscall: str
    path: Path
    number: int

    @property
    def kind(self) -> tuple[str, str]:
        """The same for files that differ in their long numbers only, and for all small files: one way to
        write them serves all.
        """
        path = self.path
        in_store = path.parent.name in {"log", "segments"}
        return self.syscall, re.sub(r"\d{5,}", "N", path.name) if in_store else "another"

    def killed(self) -> list[str]:
        """Arguments that kill the process there."""
        return self._inject("signal=SIGKILL")

    def failing(self, error: str) -> list[str]:
        """Arguments that let the call fail there, such as by `EIO`."""
        return self._inject(f"error={error}")

    def _inject(self, what: str) -> list[str]:
        return ["-P", str(self.path), "-e", f"inject={self.syscall}:{what}:when={self.number}"]


@cache
def program() -> str:
    """Return strace, or skip the test if it can't be had or may not trace."""
    found = shutil.which("strace")
    if found is None:
        prepare = Path(__file__).parents[2] / "scripts" / "strace"
        asked = subprocess.run([prepare], capture_output=True, text=True, check=False)
        found = asked.stdout.strip() if asked.returncode == 0 else None
    if found is None:
        pytest.skip("strace can't be had here")
    tried = subprocess.run([found, "-e", "trace=none", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("strace may not trace here")
    return found


@contextmanager
def traced(pid: int, report: Path, *arguments: str) -> Iterator[None]:
    """Trace a process and all that it starts, until it ends.

    Args:
        pid: the process.
        report: file to write the calls to.
        arguments: further arguments of strace.
    """
    command = [
        program(),
        "-f",
        "-y",
        "-o",
        str(report),
        "-e",
        f"trace={SYSCALLS}",
        *arguments,
        "-p",
        str(pid),
    ]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    try:
        for line in tracer.stderr:
            if "attached" in line:
                break
        else:
            pytest.fail("strace could not attach")
        yield
        tracer.stderr.read()
        tracer.wait(30)
    finally:
        tracer.kill()
        tracer.wait()
        tracer.stderr.close()


def boundaries(report: Path, folder: Path) -> list[Boundary]:
    """The calls on files in a folder that a report tells of, in order; reads are none."""
    found = []
    counts: Counter[tuple[str, Path]] = Counter()
    for line in report.read_text(errors="replace").splitlines():
        call = _CALL.match(line)
        if call is None:
            continue
        syscall, arguments = call.groups()
        paths = (Path(descriptor or name) for descriptor, name in _PATH.findall(arguments.split(" = ")[0]))
        path = next((path for path in paths if folder in path.parents or path == folder), None)
        if path is None:
            continue
        counts[syscall, path] += 1
        if syscall != "openat" or "O_CREAT" in arguments:
            found.append(Boundary(syscall, path, counts[syscall, path]))
    return found
