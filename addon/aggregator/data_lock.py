"""Keeps a data folder to one process: two of them would each delete what the other relies on."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aggregator.errors import AggregatorError

LOCK_FILE: Final = "lock"


class DataInUseError(AggregatorError):
    """Another process uses the data folder."""


@contextmanager
def locked(data: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a data folder; a process that ends, however it does, lets go of it.

    Args:
        data: the folder; made if it is missing.
        shared: whether others may hold it that only read; then nothing is made.

    Raises:
        DataInUseError: another process holds it.
        OSError: the folder can't be made or read.
    """
    path = data / LOCK_FILE
    if shared and not path.exists():
        yield
        return
    if not shared:
        data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataInUseError(f"an aggregator uses {data}: stop it, or name another data folder") from None
        yield
    finally:
        os.close(descriptor)
