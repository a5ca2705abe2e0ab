"""Messages of GELF in a stream, each ended by a zero byte."""

from typing import Final

from aggregator import limits

_END: Final = b"\0"


class GelfFraming:
    """The messages of one connection; one that is too long is left out."""

    def __init__(self) -> None:
        self.too_long = 0
        self._rest = b""
        self._skips_to_end = False

    @property
    def is_within(self) -> bool:
        """Whether a message began that has not ended yet."""
        return bool(self._rest) or self._skips_to_end

    def take(self, data: bytes) -> list[bytes]:
        """Take what came next; return the messages that ended in it."""
        if self._skips_to_end:
            _, end, data = data.partition(_END)
            self._skips_to_end = not end
        *messages, self._rest = (self._rest + data).split(_END)
        if len(self._rest) > limits.MESSAGE_BYTES:
            self.too_long += 1
            self._rest = b""
            self._skips_to_end = True
        fitting = [message for message in messages if len(message) <= limits.MESSAGE_BYTES]
        self.too_long += len(messages) - len(fitting)
        return [message for message in fitting if message and not message.isspace()]

    def end(self) -> list[bytes]:
        """Return what came since the last message ended: the stream is over."""
        rest, self._rest = self._rest, b""
        return [rest] if rest and not rest.isspace() else []
