"""Real journal files, made by systemd-journal-remote."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import pytest

SCRIPT = Path(__file__).parents[4] / "scripts" / "journal-tools"


@cache
def tools() -> Path:
    """Return the folder of systemd's journal tools, or skip the test where they can't be had."""
    asked = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
    if asked.returncode:
        pytest.skip("systemd's journal tools can't be had here")
    return Path(asked.stdout.strip())


def environment() -> Mapping[str, str]:
    """Return the environment in which the aggregator finds journalctl."""
    return {"PATH": f"{tools()}:{os.environ['PATH']}"}


def write(file: Path, entries: bytes) -> None:
    """Add entries, in the Journal Export Format, to a journal file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [tools() / "systemd-journal-remote", f"--output={file}", "-"],
        input=entries,
        check=True,
        capture_output=True,
    )


@dataclass(frozen=True)
class Writer:
    """Writes to a journal file while it is read."""

    pipe: IO[bytes]

    def write(self, entries: bytes) -> None:
        """Add entries, in the Journal Export Format."""
        self.pipe.write(entries)
        self.pipe.flush()


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """Open a journal file to write to."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [tools() / "systemd-journal-remote", f"--output={file}", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        yield Writer(process.stdin)
        process.stdin.close()
        assert process.wait(20) == 0
