"""Making the names in a folder survive a power failure."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Let the disk have what was made, renamed or deleted in a folder.

    Args:
        folder: the folder.

    Raises:
        OSError: the disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
