"""Damaged segments that a read meets: taken out of the store, so that the rest serves on."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import structlog

from aggregator.damaged_files import set_aside
from aggregator.store.keep.archived import Archived, ArchiveSearch
from aggregator.store.part import Part
from aggregator.store.segments import index
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_PATIENCE_S: Final = 2.0
"""How long a read waits for those who change segments; the next read that meets the segment waits again."""


class Quarantine:
    """Sets damaged segments aside while the store runs.

    Args:
        workspace: of the store.
        archive_search: shows the archive's segments.
        on_set_aside: told the new path of each segment that was set aside; called in the reader's thread.
    """

    def __init__(
        self, workspace: Workspace, archive_search: ArchiveSearch, on_set_aside: Callable[[Path], None]
    ) -> None:
        self._workspace = workspace
        self._archive_search = archive_search
        self._on_set_aside = on_set_aside

    def whole[P: Part](self, parts: Iterable[P]) -> list[P]:
        """Return parts without those that turn out to be damaged; each is checked before it is first read.

        Archived segments, which may lie far away, are checked when they can't be read.
        """
        return [
            part
            for part in parts
            if not isinstance(part, Segment) or part.check() or not self.set_aside_if_damaged(part)
        ]

    def set_aside_any_damaged(self, parts: Iterable[Part]) -> bool:
        """Check all parts of a read that failed; tell whether it was for a damaged one."""
        return sum(self.set_aside_if_damaged(part) for part in parts) > 0

    def set_aside_if_damaged(self, part: Part) -> bool:
        """Check a part that could not be read, and set it aside if its file is not what was written.

        An archived segment stays where it is, and is shown no more.

        Args:
            part: any part; the reader still holds it.

        Returns:
            Whether a read has to go on without it: its file is damaged, or it was set aside before.
        """
        match part:
            case Archived():
                return self._check_archived(part)
            case Segment():
                return self._check_own(part)
            case _:
                return False

    def _check_archived(self, part: Archived) -> bool:
        if index.is_whole(part.path, part.facts):
            return False
        self._archive_search.refuse(part)
        return True

    def _check_own(self, part: Segment) -> bool:
        if part.retired:
            return not part.path.exists()
        if index.is_whole(part.path, part.index.facts):
            return False
        if self._workspace.changing.acquire(timeout=_PATIENCE_S):
            try:
                self._set_aside(part)
            finally:
                self._workspace.changing.release()
        return True

    def _set_aside(self, part: Segment) -> None:
        with self._workspace.catalogue.lease() as parts:
            if part not in parts:
                return
            try:
                aside = set_aside(part.path, "its checksum is not that of what was written")
            except FileNotFoundError:
                _log.error("segment is gone", path=str(part.path))
                self._workspace.catalogue.replace([part], None)
                return
            except OSError as error:
                # Without another name its file would be deleted with the part; a start sets it aside.
                _log.error("damaged segment not set aside", path=str(part.path), error=str(error))
                return
            self._workspace.catalogue.replace([part], None)
        self._on_set_aside(aside)
