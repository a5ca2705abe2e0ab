"""Lines of a container as Docker's json-file driver writes them.

Each is an object of `log`, `stream` and `time`; one of more than 16 KiB comes in parts, of which the last
alone ends with a newline. https://docs.docker.com/engine/logging/drivers/json-file/
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from time import time_ns
from typing import Final, override

import msgspec
import numpy as np

from aggregator import limits
from aggregator.intake.text.stream import Lines, TextStream, Understood
from aggregator.sources.files.lines import FileLines

_CUT: Final = "... (the rest of the line is left out)"


class _Line(msgspec.Struct, gc=False):
    """One line of the file."""

    log: str
    stream: str = ""
    time: str = ""


_DECODER: Final = msgspec.json.Decoder(_Line)


@dataclass(slots=True)
class _Parts:
    """The parts of a line that has no end yet.

    Args:
        begin: number of the first of them in the file.
        due_s: when they wait no longer.
    """

    begin: int
    due_s: float
    texts: list[str] = field(default_factory=list)
    characters: int = 0
    time: str = ""
    uid: bytes = b""

    def add(self, line: _Line, uid: bytes) -> None:
        """Add a part."""
        if self.characters <= limits.LINE_BYTES // 8:
            self.texts.append(line.log)
            if self.characters + len(line.log) > limits.LINE_BYTES // 8:
                self.texts.append(_CUT)
        self.characters += len(line.log)
        self.time = self.time or line.time
        self.uid = uid


class DockerLines(FileLines):
    """Lines of one container.

    Args:
        told: what is known of all of them, as members of a JSON object.
        names: the names in `told`.
    """

    def __init__(self, told: bytes, names: Collection[str]) -> None:
        self._stream = TextStream(told, {*names, "stream", "uid"})
        self._parts: dict[str, _Parts] = {}
        self._begins: deque[int] = deque()
        self._seen = 0
        self._invalid = 0

    @property
    @override
    def held(self) -> int:
        return self._seen - min([*self._begins, *(parts.begin for parts in self._parts.values()), self._seen])

    @property
    @override
    def due_s(self) -> float | None:
        due_s = [parts.due_s for parts in self._parts.values()]
        if self._stream.due_s is not None:
            due_s.append(self._stream.due_s)
        return min(due_s, default=None)

    @property
    @override
    def invalid(self) -> int:
        return self._invalid

    @override
    def take(self, texts: Sequence[bytes], uids: Sequence[bytes], now_ns: int, now_s: float) -> Understood:
        whole: list[tuple[str, _Parts]] = []
        for line, uid in zip(self._lines(texts), uids, strict=True):
            parts = self._parts.pop(line.stream, None) or _Parts(self._seen, now_s + limits.JOIN_TIME_S)
            parts.add(line, uid)
            self._seen += 1
            if line.log.endswith("\n"):
                whole.append((line.stream, parts))
            else:
                self._parts[line.stream] = parts
        return self._taken(whole, now_ns, now_s)

    @override
    def flush(self) -> Understood:
        whole = list(self._parts.items())
        self._parts = {}
        taken = self._taken(whole, time_ns(), 0.0)
        flushed = self._stream.flush()
        self._begins.clear()
        return Understood(taken.lines + flushed.lines, taken.rows + flushed.rows)

    def _taken(self, whole: Sequence[tuple[str, _Parts]], now_ns: int, now_s: float) -> Understood:
        if not whole:
            return Understood(b"", 0)
        lines = Lines(
            ["".join(parts.texts).removesuffix("\n").encode() for _, parts in whole],
            _times_ns([parts.time for _, parts in whole], now_ns),
            [b'"stream":%b,"uid":"%b"' % (msgspec.json.encode(stream), parts.uid) for stream, parts in whole],
        )
        self._begins += [parts.begin for _, parts in whole]
        understood = self._stream.take(lines, now_s)
        while len(self._begins) > self._stream.held:
            self._begins.popleft()
        return understood

    def _lines(self, texts: Sequence[bytes]) -> Sequence[_Line]:
        try:
            lines = _DECODER.decode_lines(b"\n".join(texts))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return [self._line(text) for text in texts]
        # Empty lines are no values.
        return lines if len(lines) == len(texts) else [self._line(text) for text in texts]

    def _line(self, text: bytes) -> _Line:
        # After a loss of power zeros may stand where lines were.
        left = text.strip(b"\0 \r")
        try:
            return _DECODER.decode(left)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._invalid += bool(left)
            return _Line(left.decode(errors="replace") + "\n")


def _times_ns(times: Sequence[str], now_ns: int) -> list[int]:
    """Read RFC 3339 times in UTC; one that is none is now."""
    try:
        read = np.array([time.removesuffix("Z") for time in times], "datetime64[ns]").astype(np.int64)
    except ValueError:
        return [now_ns] if len(times) == 1 else [_times_ns([time], now_ns)[0] for time in times]
    return [int(one) if one > 0 else now_ns for one in read]
