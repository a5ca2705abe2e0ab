"""Damaged files are set aside, never deleted: the aggregator starts without them, and someone may look."""

from pathlib import Path

import structlog

from aggregator.store.files import DAMAGED_SUFFIX, sync_folder

_log = structlog.get_logger(__name__)


def set_aside(path: Path, reason: str) -> Path:
    """Give a damaged file a name that no start opens, and report it.

    Args:
        path: the file; none is there afterwards.
        reason: what is wrong with it.

    Returns:
        Where it is now.

    Raises:
        OSError: it has its old name still.
    """
    aside = path.with_name(path.name + DAMAGED_SUFFIX)
    path.replace(aside)
    sync_folder(path.parent)
    _log.error("damaged file set aside", path=str(aside), reason=reason)
    return aside


def count(folder: Path) -> int:
    """Return how many damaged files lie in a folder and below it."""
    return sum(1 for _ in folder.rglob(f"*{DAMAGED_SUFFIX}"))
