"""Decodes the Journal Export Format of systemd, bit by bit.

An entry is lines of `NAME=value`, ended by an empty line. A value that is no printable text, for which a
change of colour suffices, stands behind a line of its own with the name, as a length of 64 bits (little
endian), the bytes, and a newline. https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
"""

import re
from collections.abc import Mapping
from typing import Final

from aggregator import limits

type Entry = Mapping[bytes, bytes]
"""Values by the names of their fields; newlines stand between those of a field that occurs again."""

_BINARY: Final = re.compile(rb"\n([A-Za-z_][A-Za-z0-9_]*+)\n")
_LENGTH_BYTES: Final = 8
_PLACE: Final = b"\0"
"""Begins what stands for a binary value; a value in a line is printable."""

_IN_LINE: Final = b"\n="
"""Stands for the beginning of a line that was left out; the rest of it can't be taken for a name."""


class ExportDecoder:
    """Decodes a stream of entries.

    `invalid` counts entries that are not in the format, `too_long` those that were left out for their length,
    and values that were.
    """

    def __init__(self) -> None:
        self.invalid = 0
        self.too_long = 0
        self._text = b""
        """The entry that is not complete, with places of its binary values."""
        self._values: list[bytes] = []
        self._rest = b"\n"
        """What follows and may be a part of a binary value, with the newline before it."""
        self._skipped_bytes = 0
        self._skips_entry = False

    def feed(self, data: bytes) -> list[Entry]:
        """Decode what comes next; return the entries that it completes."""
        if self._skipped_bytes:
            skipped = min(self._skipped_bytes, len(data))
            self._skipped_bytes -= skipped
            data = data[skipped:]
        text = self._text + self._with_places(self._rest + data)
        if self._rest.startswith(b"\n") and text.endswith(b"\n"):
            whole, self._text = text, b""
        else:
            whole, _, self._text = text.rpartition(b"\n\n")
        found = [entry for part in whole.split(b"\n\n") if (entry := part.strip(b"\n"))]
        if found and self._skips_entry:
            del found[0]
            self._skips_entry = False
        entries = [entry for entry in map(self._entry, found) if entry is not None]
        if _PLACE not in self._text:
            self._values = []
        if len(self._text) + len(self._rest) > limits.JOURNAL_ENTRY_BYTES:
            self._leave_out()
        return entries

    def _with_places(self, data: bytes) -> bytes:
        """Put places for the binary values; what may be a part of one is kept for the next time."""
        pieces: list[bytes] = []
        done = 0
        while found := _BINARY.search(data, done):
            start = found.end() + _LENGTH_BYTES
            size = int.from_bytes(data[found.end() : start], "little")
            end = start + size
            is_long = start <= len(data) and size > limits.JOURNAL_ENTRY_BYTES
            if end >= len(data) and not is_long:
                self._rest = data[found.start() :]
                return b"".join([*pieces, data[done : found.start()]])
            pieces.append(b"%b=%b%d" % (data[done : found.end() - 1], _PLACE, len(self._values)))
            self._values.append(b"(%d bytes left out)" % size if is_long else data[start:end])
            if is_long:
                self.too_long += 1
                self._skipped_bytes = max(end - len(data), 0)
            done = min(end, len(data))
        last = max(data.rfind(b"\n", done), done)
        self._rest = data[last:]
        return b"".join([*pieces, data[done:last]])

    def _entry(self, text: bytes) -> Entry | None:
        lines = text.split(b"\n")
        try:
            entry = dict([line.split(b"=", 1) for line in lines])
        except ValueError:
            self.invalid += 1
            return None
        if len(entry) < len(lines):
            entry = {}
            for line in lines:
                name, _, value = line.partition(b"=")
                entry[name] = b"%b\n%b" % (entry[name], value) if name in entry else value
        if _PLACE in text:
            entry = {name: self._placed(value) for name, value in entry.items()}
        return entry

    def _placed(self, value: bytes) -> bytes:
        if _PLACE not in value:
            return value
        return b"\n".join(
            self._values[int(one[1:])] if one.startswith(_PLACE) else one for one in value.split(b"\n")
        )

    def _leave_out(self) -> None:
        """Leave out the entry that is not complete."""
        if not self._skips_entry:
            self.too_long += 1
        self._skips_entry = True
        self._text, self._rest, self._values = b"", _IN_LINE, []
