"""What tells this aggregator from others."""

import re
import uuid
from pathlib import Path

from aggregator.damaged_files import set_aside
from aggregator.store.files import write_atomically

_ID = re.compile(rb"[0-9a-f]{32}")


def read_or_make(path: Path) -> str:
    """Return the aggregator's ID, made at its first start and when its file is damaged.

    Args:
        path: the file that keeps it.
    """
    kept = path.read_bytes().strip() if path.exists() else b""
    if kept and not _ID.fullmatch(kept):
        set_aside(path, "an ID has 32 hexadecimal digits; a new one was made")
        kept = b""
    if not kept:
        kept = uuid.uuid4().hex.encode()
        write_atomically(path, kept)
    return kept.decode()
