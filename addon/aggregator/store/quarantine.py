"""Keeps damaged segments from readers: each is compared with its checksum before it is first read."""

import threading
from collections.abc import Callable, Sequence

import structlog

from aggregator.store import index
from aggregator.store.files import set_segment_aside
from aggregator.store.part import Catalogue, Part
from aggregator.store.segment import Segment

_log = structlog.get_logger(__name__)


class Quarantine:
    """Sets damaged segments aside, so that the others serve on.

    Args:
        catalogue: what readers see.
        on_set_aside: told of each segment that is set aside.
    """

    def __init__(self, catalogue: Catalogue, on_set_aside: Callable[[], None]) -> None:
        self._catalogue = catalogue
        self._on_set_aside = on_set_aside
        self._lock = threading.Lock()

    def whole[P: Part](self, parts: Sequence[P]) -> list[P]:
        """Return parts without those that turn out to be damaged."""
        return [part for part in parts if not isinstance(part, Segment) or part.is_whole or self._check(part)]

    def check_again(self, parts: Sequence[Part]) -> bool:
        """Check parts that were whole before, after the engine failed; tell whether one was set aside."""
        segments = [part for part in parts if isinstance(part, Segment)]
        for segment in segments:
            segment.is_whole = False
        return len(self.whole(segments)) < len(segments)

    def _check(self, segment: Segment) -> bool:
        facts = segment.index.facts
        with self._lock:
            if segment.is_whole or segment.retired:
                return segment.is_whole
            try:
                found = index.checksum(segment.path)
                reason = (
                    "its checksum is another" if found != (facts.segment_bytes, facts.segment_crc32) else ""
                )
            except OSError as error:
                reason = str(error)
            if not reason:
                segment.is_whole = True
                return True
            self._set_aside(segment, reason)
        return False

    def _set_aside(self, segment: Segment, reason: str) -> None:
        try:
            set_segment_aside(segment.path, reason)
        except OSError as error:
            _log.error("damaged segment not set aside", segment=segment.path.name, error=str(error))
        self._catalogue.replace([segment], None)
        self._on_set_aside()
