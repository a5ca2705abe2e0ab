"""What is done between the deliveries of lines, over the same connection."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

from ha_ingestor_logging.receiver import Receipt


class Errand(ABC):
    """Something that is due now and then; for use by the delivery's thread only."""

    @abstractmethod
    def wait_s(self, *, away: bool) -> float:
        """Seconds until it is due; infinite for never.

        Args:
            away: whether the receiver could not be reached lately.
        """

    @abstractmethod
    def run(self, *, away: bool) -> None:
        """Do it if it is due."""

    def flush(self) -> None:  # noqa: B027 - not every one has something to hand in
        """Do it before somebody is told that everything has arrived."""

    def heard(self, receipt: Receipt) -> None:  # noqa: B027 - likewise
        """Take note of what the receiver answered to lines."""

    def after_fork(self) -> None:  # noqa: B027 - likewise
        """Go on in a forked child."""

    def close(self) -> None:  # noqa: B027 - likewise
        """Change nothing any more, whatever a request under way brings."""


class Errands(Errand):
    """Several errands as one.

    Args:
        errands: what is to be done, in this order.
    """

    def __init__(self, errands: Sequence[Errand]) -> None:
        self._errands = errands

    def wait_s(self, *, away: bool) -> float:
        """Seconds until the first is due, never below 0; infinite for never."""
        return max(min((errand.wait_s(away=away) for errand in self._errands), default=math.inf), 0.0)

    def run(self, *, away: bool) -> None:
        """Do those that are due."""
        for errand in self._errands:
            errand.run(away=away)

    def flush(self) -> None:
        """Do what must be done before somebody is told that everything has arrived."""
        for errand in self._errands:
            errand.flush()

    def heard(self, receipt: Receipt) -> None:
        """Tell all what the receiver answered to lines."""
        for errand in self._errands:
            errand.heard(receipt)

    def after_fork(self) -> None:
        """Let all go on in a forked child."""
        for errand in self._errands:
            errand.after_fork()

    def close(self) -> None:
        """Close all."""
        for errand in self._errands:
            errand.close()
