"""What takes a stream of bytes apart into messages."""

from typing import Protocol


class Framing(Protocol):
    """The messages of one connection."""

    too_long: int
    """How many messages were cut since the connection began, since they were longer than may be."""

    @property
    def is_within(self) -> bool:
        """Whether a message began that has not ended yet."""

    def take(self, data: bytes) -> list[bytes]:
        """Take what came next; return the messages that ended in it."""

    def end(self) -> list[bytes]:
        """Return what came since the last message ended: the stream is over."""
