"""Messages of syslog in a stream, framed in each of the ways that senders have.

By RFC 6587 a message that begins with a number has so many bytes, and any other ends with a newline. Python's
SysLogHandler ends each with a zero byte, and leaves newlines in it.
https://www.rfc-editor.org/rfc/rfc6587#section-3.4
"""

import re
from typing import Final

from aggregator import limits

_COUNT: Final = re.compile(rb"([1-9]\d{0,8}+) (?=<)")
"""Lines of text may begin with a number too; what is counted begins with its priority."""

_MAYBE_COUNT: Final = re.compile(rb"[1-9]\d{0,8}+ ?+\Z")
_NEWLINE: Final = b"\n"
_ZERO: Final = b"\0"
_NEXT_COUNT: Final = {end: re.compile(end + rb"(?=[1-9]\d{0,8}+ <)") for end in (_NEWLINE, _ZERO)}


class SyslogFraming:
    """The messages of one connection; blank ones are left out, and what is too long is cut."""

    def __init__(self) -> None:
        self.too_long = 0
        self._rest = b""
        self._end = _NEWLINE
        self._skipped_bytes = 0
        self._skips_to_end = False

    @property
    def is_within(self) -> bool:
        """Whether a message began that has not ended yet."""
        return bool(self._rest or self._skipped_bytes or self._skips_to_end)

    def take(self, data: bytes) -> list[bytes]:
        """Take what came next; return the messages that ended in it."""
        if _ZERO in data:
            self._end = _ZERO
        data = self._rest + data
        messages: list[bytes] = []
        position = self._skip(data)
        while position < len(data):
            if count := _COUNT.match(data, position):
                size_bytes = int(count[1])
                end = count.end() + min(size_bytes, limits.MESSAGE_BYTES)
                if end > len(data):
                    break
                messages.append(data[count.end() : end])
                self._skipped_bytes = size_bytes - (end - count.end())
                self.too_long += self._skipped_bytes > 0
                position = self._skip(data, end)
                continue
            if _MAYBE_COUNT.match(data, position):
                break
            next_count = _NEXT_COUNT[self._end].search(data, position)
            end = next_count.end() if next_count else len(data)
            *lines, last = data[position:end].split(self._end)
            messages += self._cut(lines) if end - position > limits.MESSAGE_BYTES else lines
            position = end - len(last)
            if len(last) <= limits.MESSAGE_BYTES:
                if last:
                    break
                continue
            messages += self._cut([last])
            self._skips_to_end = True
            position = end
        self._rest = data[position:]
        return [message for message in messages if message and not message.isspace()]

    def end(self) -> list[bytes]:
        """Return what came since the last message ended: the stream is over."""
        rest, self._rest = self._rest, b""
        if count := _COUNT.match(rest):
            rest = rest[count.end() :]
        return [rest] if rest.strip() else []

    def _skip(self, data: bytes, position: int = 0) -> int:
        """Skip what is left of a message that was cut."""
        if self._skips_to_end:
            end = data.find(self._end, position)
            if end < 0:
                return len(data)
            self._skips_to_end = False
            return end + 1
        skipped_bytes = min(self._skipped_bytes, len(data) - position)
        self._skipped_bytes -= skipped_bytes
        return position + skipped_bytes

    def _cut(self, messages: list[bytes]) -> list[bytes]:
        self.too_long += sum(len(message) > limits.MESSAGE_BYTES for message in messages)
        return [message[: limits.MESSAGE_BYTES] for message in messages]
