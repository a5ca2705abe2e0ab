"""Who takes log lines at the other end of a connection."""

from dataclasses import dataclass
from typing import Protocol

from ha_ingestor_logging.batch import Batch


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver did with a batch.

    Args:
        accepted: lines that it took.
        faulty: lines among them that it could keep as text only.
        refused: lines that it will never take.
        message: what it said about the batch, if anything.
        levels_version: tells which levels it wants of the service from others, if it says so.
    """

    accepted: int
    faulty: int = 0
    refused: int = 0
    message: str | None = None
    levels_version: str | None = None


class Receiver(Protocol):
    """Sends lines to one receiver over one kept connection; for use by one thread."""

    @property
    def output(self) -> str:
        """The output's name, as in the setting ``output``."""

    @property
    def title(self) -> str:
        """What lines about it call it."""

    def send_logs(self, batch: Batch) -> Receipt:
        """Send lines; returns when the receiver has taken them.

        Raises:
            ReceiverUnavailableError: nothing was said about the lines; send them again later.
            TokenRefusedError: likewise, but somebody must put a token right before.
            RequestTooLargeError: send fewer lines at once.
            RequestRefusedError: these lines will never be taken.
        """

    def after_fork(self) -> None:
        """Leave the connection to the parent of a fork."""

    def close(self) -> None:
        """Close the connection."""
