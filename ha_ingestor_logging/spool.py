"""Batches on the disk, for an aggregator that is away.

Several processes may share a folder, each with files of its own. What a process leaves when it ends,
however it ends, is taken over by one that runs or by the next that starts.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.bounded_queue import FILL_BY_LEVEL
from ha_ingestor_logging.output import DropCounts
from ha_ingestor_logging.spool_series import FILE_SUFFIX, SpoolSeries, series_files


class Spool:
    """This process's part of a spool folder; for use by one thread at a time.

    Args:
        folder: where the files are; made when it is needed.
        size_max_bytes: what all files in it may take together. Processes that share it don't wait for
            each other, so each may exceed this by one batch.
    """

    def __init__(self, folder: Path, size_max_bytes: int) -> None:
        self._folder = folder
        self._size_max_bytes = size_max_bytes
        self._own: SpoolSeries | None = None
        self._inherited: SpoolSeries | None = None
        self._dropped: Counter[tuple[str, int]] = Counter()
        self._measured = False
        self.spooled = 0
        self.size_bytes = 0

    def append(self, *batches: Batch) -> None:
        """Keep batches; what matters least finds no room first, and is counted as dropped.

        Args:
            batches: what to keep; all are on the disk when this returns.

        Raises:
            OSError: they can't be written; none is kept.
        """
        self._measure()
        size_bytes = self.size_bytes
        kept: list[Batch] = []
        dropped: Counter[tuple[str, int]] = Counter()
        for batch in batches:
            fitting = self._fitting(batch, size_bytes)
            left = fitting.records_by_level if fitting is not None else {}
            for level, count in batch.records_by_level.items():
                if level not in left:
                    dropped["spool_full", level] += count
            if fitting is not None:
                kept.append(fitting)
                size_bytes += len(fitting.body)
        if kept:
            if self._own is None:
                self._own = SpoolSeries.begin(self._folder)
            self._own.append(*kept)
        self._dropped += dropped
        self.spooled += sum(batch.records for batch in kept)
        self.size_bytes = size_bytes

    def oldest(self) -> Batch | None:
        """This process's first batch that is not delivered.

        Raises:
            OSError: it can't be read.
        """
        batch = self._oldest_of(self._own)
        if batch is None and not self._measured:
            self._measure()
        return batch

    def delivered(self) -> None:
        """Forget the batch that ``oldest`` returned."""
        if self._own is not None:
            self._own.delivered()
            self._measured = False

    def inherit(self) -> None:
        """Take over the files of one process that is gone, unless those of another still wait.

        Raises:
            OSError: the folder can't be read or written.
        """
        if self._inherited is None and self._folder.is_dir():
            self._inherited = SpoolSeries.abandoned(self._folder)

    def oldest_inherited(self) -> Batch | None:
        """The first batch of the process whose files were taken over.

        Raises:
            OSError: it can't be read.
        """
        batch = self._oldest_of(self._inherited)
        if batch is None and self._inherited is not None:
            self._inherited.close()
            self._inherited = None
            self._measure()
        return batch

    def inherited_delivered(self) -> None:
        """Forget the batch that ``oldest_inherited`` returned."""
        if self._inherited is not None:
            self._inherited.delivered()

    def leave_inherited(self) -> None:
        """Give up what was taken over, for another process or a later time."""
        if self._inherited is not None:
            self._inherited.forget()
            self._inherited = None

    @property
    def has_inherited(self) -> bool:
        """Whether files of another process are taken over and perhaps not yet delivered."""
        return self._inherited is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing of this process waits."""
        return self.oldest() is None

    @property
    def has_room(self) -> bool:
        """Whether less than half of the room is taken."""
        return self.size_bytes * 2 < self._size_max_bytes

    @property
    def dropped(self) -> DropCounts:
        """The lines that found no room or were damaged."""
        return dict(self._dropped)

    def close(self) -> None:
        """Close the files; what waits is for the next process."""
        for series in self._series():
            with suppress(OSError):
                series.close()
        self._own = self._inherited = None

    def after_fork(self) -> None:
        """Leave the files to the parent."""
        for series in self._series():
            series.forget()
        self._own = self._inherited = None
        self._dropped.clear()
        self.spooled = 0

    def _series(self) -> Iterator[SpoolSeries]:
        for series in (self._own, self._inherited):
            if series is not None:
                yield series

    def _oldest_of(self, series: SpoolSeries | None) -> Batch | None:
        if series is None:
            return None
        batch = series.oldest()
        for level, count in series.damaged_by_level.items():
            self._dropped["spool_damaged", level] += count
        series.damaged_by_level.clear()
        return batch

    def _fitting(self, batch: Batch, size_bytes: int) -> Batch | None:
        """What finds room of a batch: without the levels that matter least, as many as must be left out."""
        while size_bytes + len(batch.body) > self._room_bytes(min(batch.records_by_level)):
            least = min(batch.records_by_level)
            lines = [
                line for line in batch.lines() if line[0] > least and size_bytes < self._room_bytes(line[0])
            ]
            if not lines:
                return None
            batch = Batch.of(lines)
        return batch

    def _room_bytes(self, level: int) -> float:
        return self._size_max_bytes * FILL_BY_LEVEL[level // 10]

    def _measure(self) -> None:
        self._measured = True
        if self._folder.is_dir():
            files = (path for _, path in series_files(self._folder) if path.suffix == FILE_SUFFIX)
            self.size_bytes = sum(map(_size_bytes, files))


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
