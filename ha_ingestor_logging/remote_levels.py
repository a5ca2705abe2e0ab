"""Levels that people set at the aggregator: heard of by its answers, followed until they are withdrawn."""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from ha_ingestor_logging.errand import Errand
from ha_ingestor_logging.errors import ConfigurationError, DeliveryError
from ha_ingestor_logging.levels import INFO, LEVEL_NAMES, parse_level
from ha_ingestor_logging.output import Report
from ha_ingestor_logging.receiver import Receipt

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


class RemoteLevels(Errand):
    """Asks the aggregator for levels when they changed, and takes back those that have ended.

    Args:
        interval_s: how often to ask while no answer tells the version.
        fetch: asks it; raises a ``DeliveryError`` when there is no answer.
        apply: told what wins over the program's own levels: levels by logger, ``*`` for all others.
        report: logs that they changed.
    """

    def __init__(
        self,
        interval_s: float,
        fetch: Callable[[], WantedLevels],
        apply: Callable[[Mapping[str, int]], None],
        report: Report,
    ) -> None:
        self._interval_s = interval_s
        self._fetch = fetch
        self._apply = apply
        self._report = report
        self._version: str | None = None
        self._applied: Mapping[str, int] = {}
        self._ends_s: dict[str, float] = {}
        self._names: set[str] = set()
        self._next_ask_s = time.monotonic() + _FIRST_ASK_S
        self._asked_s = -math.inf
        self._pause_s = _PAUSE_S
        self._closed = False

    def wait_s(self, *, away: bool) -> float:
        """Seconds until a level ends, or until the aggregator is to be asked if it can be reached."""
        # Lines find out when an aggregator that is away is back.
        asks_s = [] if away else [self._next_ask_s]
        return min([*asks_s, *self._ends_s.values()], default=math.inf) - time.monotonic()

    def run(self, *, away: bool) -> None:
        """Take back what has ended, and ask if it is time."""
        self._withdraw_ended()
        if not away and time.monotonic() >= self._next_ask_s:
            self._ask()

    def heard(self, receipt: Receipt) -> None:
        """Take note of the version that the aggregator named."""
        version = receipt.levels_version
        if version is None or not _VERSION.fullmatch(version):
            return
        if version == self._version:
            self._next_ask_s = time.monotonic() + self._interval_s
        else:
            self._next_ask_s = self._asked_s + self._pause_s

    def after_fork(self) -> None:
        """Go on with the parent's levels, and ask when the child has begun its work."""
        self._next_ask_s = time.monotonic() + _FIRST_ASK_S

    def close(self) -> None:
        """Set no levels any more: whoever logs from now on may be configured anew."""
        self._closed = True

    def _ask(self) -> None:
        self._asked_s = time.monotonic()
        self._next_ask_s = self._asked_s + self._interval_s
        try:
            wanted = self._fetch()
        except DeliveryError:
            # What the aggregator said before holds while it says nothing. Perhaps it is an old one.
            self._pause_s = self._interval_s
            return
        self._pause_s = _PAUSE_S
        names = self._names | wanted.by_logger.keys()
        if self._closed or wanted.version == self._version or len(names) > _LOGGERS_EVER_MAX:
            return
        self._names = names
        self._version = wanted.version
        now_s = time.monotonic()
        self._ends_s = {logger: now_s + seconds for logger, seconds in wanted.for_s.items()}
        self._follow(wanted.by_logger)

    def _withdraw_ended(self) -> None:
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
