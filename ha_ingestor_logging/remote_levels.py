"""Levels that people set at the aggregator: heard of by its answers, followed until they are withdrawn."""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from ha_ingestor_logging.errors import ConfigurationError, DeliveryError
from ha_ingestor_logging.levels import INFO, LEVEL_NAMES, parse_level
from ha_ingestor_logging.output import Report

# An answer to the first lines tells it sooner; a service that says nothing asks after this.
_FIRST_ASK_S: Final = 1.0
# However often an aggregator names other versions.
_PAUSE_S: Final = 1.0
_VERSION: Final = re.compile(r"[!-~]{1,64}")
_LOGGERS_MAX: Final = 256
# The standard library keeps a logger for each name that ever had a level.
_LOGGERS_EVER_MAX: Final = 2000


@dataclass(frozen=True, slots=True)
class WantedLevels:
    """What the aggregator wants of this service.

    Args:
        version: tells these from any others.
        by_logger: levels by logger, ``*`` for all others.
        for_s: seconds after which a logger's level is withdrawn, of those that end.
    """

    version: str
    by_logger: Mapping[str, int]
    for_s: Mapping[str, float]

    @classmethod
    def parse(cls, answer: bytes) -> "WantedLevels":
        """Read the aggregator's answer.

        Raises:
            ValueError: it is none.
        """
        try:
            fields = orjson.loads(answer)
            held = {str(logger): wanted for logger, wanted in fields["levels"].items()}
            by_logger = {logger: parse_level(str(wanted["level"])) for logger, wanted in held.items()}
            ending = {logger: wanted.get("for_s") for logger, wanted in held.items()}
            for_s = {logger: seconds + 0.0 for logger, seconds in ending.items() if seconds is not None}
            version = fields["version"]
        except (ConfigurationError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError("no levels") from error
        if len(by_logger) > _LOGGERS_MAX or not isinstance(version, str) or not all(by_logger):
            raise ValueError("no levels")
        if not all(math.isfinite(seconds) for seconds in for_s.values()):
            raise ValueError("no levels")
        return cls(version, by_logger, for_s)


class RemoteLevels:
    """Asks the aggregator for levels when they changed, and takes back those that have ended.

    For use by one thread.

    Args:
        interval_s: how often to ask while no answer tells the version; 0 for never following the aggregator.
        apply: told what wins over the program's own levels: levels by logger, ``*`` for all others.
        report: logs that they changed.
    """

    def __init__(self, interval_s: float, apply: Callable[[Mapping[str, int]], None], report: Report) -> None:
        self._interval_s = interval_s
        self._apply = apply
        self._report = report
        self._version: str | None = None
        self._applied: Mapping[str, int] = {}
        self._ends_s: dict[str, float] = {}
        self._names: set[str] = set()
        self._next_ask_s = time.monotonic() + _FIRST_ASK_S
        self._asked_s = -math.inf

    @property
    def is_on(self) -> bool:
        """Whether the aggregator is followed."""
        return self._interval_s > 0

    @property
    def ask_wait_s(self) -> float:
        """Seconds until the aggregator is to be asked."""
        return self._next_ask_s - time.monotonic() if self.is_on else math.inf

    @property
    def end_wait_s(self) -> float:
        """Seconds until a level ends."""
        return min(self._ends_s.values(), default=math.inf) - time.monotonic()

    def heard(self, version: str | None) -> None:
        """Take note of the version that the aggregator named in an answer to something else."""
        if version is None or not _VERSION.fullmatch(version):
            return
        if version == self._version:
            self._next_ask_s = time.monotonic() + self._interval_s
        else:
            self._next_ask_s = self._asked_s + _PAUSE_S

    def ask(self, fetch: Callable[[], WantedLevels]) -> None:
        """Ask the aggregator, and do as it says; what it said before holds while it says nothing.

        Args:
            fetch: asks it; raises a ``DeliveryError`` when there is no answer.
        """
        self._asked_s = time.monotonic()
        self._next_ask_s = self._asked_s + self._interval_s
        try:
            wanted = fetch()
        except DeliveryError:
            return
        names = self._names | wanted.by_logger.keys()
        if wanted.version == self._version or len(names) > _LOGGERS_EVER_MAX:
            return
        self._names = names
        self._version = wanted.version
        now_s = time.monotonic()
        self._ends_s = {logger: now_s + seconds for logger, seconds in wanted.for_s.items()}
        self._follow(wanted.by_logger)

    def withdraw_ended(self) -> None:
        """Take back the levels that have ended, also while the aggregator is away."""
        now_s = time.monotonic()
        ended = {logger for logger, end_s in self._ends_s.items() if end_s <= now_s}
        if ended:
            self._ends_s = {logger: end_s for logger, end_s in self._ends_s.items() if logger not in ended}
            self._follow({name: level for name, level in self._applied.items() if name not in ended})

    def _follow(self, by_logger: Mapping[str, int]) -> None:
        if by_logger == self._applied:
            return
        self._applied = dict(by_logger)
        self._apply(self._applied)
        levels = {logger: LEVEL_NAMES[level] for logger, level in by_logger.items()}
        message = "the aggregator set log levels" if levels else "the aggregator's log levels have ended"
        self._report(INFO, message, levels=levels)
