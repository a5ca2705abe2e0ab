"""What tells this aggregator from others."""

import uuid
from pathlib import Path

from aggregator.store.files import write_atomically


def read_or_make(path: Path) -> str:
    """Return the aggregator's ID, made at its first start.

    Args:
        path: the file that keeps it.
    """
    if not path.exists():
        write_atomically(path, uuid.uuid4().hex.encode())
    return path.read_text().strip()
