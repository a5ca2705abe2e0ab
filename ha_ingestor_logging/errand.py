"""What is done between the deliveries of lines, over the same connection."""

from abc import ABC, abstractmethod

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
