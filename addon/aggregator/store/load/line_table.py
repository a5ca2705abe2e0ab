"""Lines as a table of the engine: it reads them where they are, through the Arrow C data interface.

A reader of files would copy them and look for the ends of lines one character at a time. Each batch of lines
is made when the engine asks for it and let go when it was read, so that of very many lines few are in memory.

https://arrow.apache.org/docs/format/CStreamInterface.html
"""

import ctypes
import errno
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import nanoarrow as na
import numpy as np
import numpy.typing as npt
from nanoarrow.c_array_stream import CArrayStream

type Bounds = npt.NDArray[np.int32]

NAME: Final = "sent_lines"
"""The table's name; it has one column, `json`."""

_LINE: Final = na.c_schema(na.string())
_TABLE: Final = na.c_schema(na.struct({"json": na.string()}))
_NEWLINE: Final = ord("\n")

_GIVE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_TELL: Final = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
_RELEASE: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

_WORD: Final = ctypes.sizeof(ctypes.c_void_p)
_SCHEMA_BYTES, _SCHEMA_RELEASE = 72, 56
_ARRAY_BYTES, _ARRAY_RELEASE = 80, 64
"""Sizes of ArrowSchema and ArrowArray with 64-bit pointers, and where each has its release callback."""


class LineTable:
    """Lines that the engine reads as a table.

    Args:
        batches: gives all lines anew each time they are read, in batches in UTF-8, each line ended by a
            newline, which it keeps.
    """

    def __init__(self, batches: Callable[[], Iterable[bytes]]) -> None:
        self._batches = batches
        self._bounds: list[Bounds] = []
        self._failure: Exception | None = None

    @contextmanager
    def readable(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Let a connection read the table by its name meanwhile; no other one sees it.

        Raises:
            Exception: whatever giving the lines raised while they were read.
        """
        connection.register(NAME, self)
        try:
            yield
        except duckdb.Error:
            if self._failure is not None:
                raise self._failure from None
            raise
        finally:
            connection.unregister(NAME)

    def __arrow_c_schema__(self) -> object:
        """Return the schema, which is always the same."""
        capsule: object = _TABLE.__arrow_c_schema__()
        return capsule

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a stream of all lines from the first one on."""
        stream = CArrayStream.allocate()
        number = next(_numbers)
        _open[number] = _Reading(self._arrays(), self._fail)
        _Stream.from_address(stream._addr()).fill(number)  # noqa: SLF001 # it has no public way
        capsule: object = stream.__arrow_c_stream__()
        return capsule

    def _arrays(self) -> Iterator[object]:
        for place, lines in enumerate(self._batches()):
            if place == len(self._bounds):
                self._bounds.append(_line_bounds(lines))
            yield _array(lines, self._bounds[place])

    def _fail(self, error: Exception) -> None:
        self._failure = error


@dataclass(slots=True)
class _Reading:
    """What an open stream gives.

    Args:
        arrays: those that were not read yet.
        fail: told what giving one raised.
        message: the same as text in C, for whoever asks the stream.
    """

    arrays: Iterator[object]
    fail: Callable[[Exception], None]
    message: ctypes.Array[ctypes.c_char] | None = None


_numbers: Final = itertools.count(1)
_open: Final[dict[int, _Reading]] = {}
"""The open streams: functions that the engine calls are never freed, so that they know theirs by a number."""


class _Stream(ctypes.Structure):
    """ArrowArrayStream of the C stream interface."""

    _fields_ = (
        ("get_schema", _GIVE),
        ("get_next", _GIVE),
        ("get_last_error", _TELL),
        ("release", _RELEASE),
        ("private_data", ctypes.c_void_p),
    )

    def fill(self, number: int) -> None:
        """Become the stream of a number."""
        self.get_schema, self.get_next, self.get_last_error, self.release = _CALLBACKS
        self.private_data = number


def _reading(stream: int) -> _Reading:
    return _open[_Stream.from_address(stream).private_data]


def _get_schema(_: int, out: int) -> int:
    _move(na.c_schema(_TABLE.__arrow_c_schema__()), out, _SCHEMA_BYTES, _SCHEMA_RELEASE)
    return 0


def _get_next(stream: int, out: int) -> int:
    reading = _reading(stream)
    try:
        array = next(reading.arrays, None)
        if array is None:
            # One without a release callback is the end.
            ctypes.memset(out, 0, _ARRAY_BYTES)
        else:
            _move(array, out, _ARRAY_BYTES, _ARRAY_RELEASE)
    except Exception as error:  # noqa: BLE001 # raised again where the engine's own error arrives
        reading.message = ctypes.create_string_buffer(str(error).encode())
        reading.fail(error)
        return errno.EIO
    return 0


def _get_last_error(stream: int) -> int | None:
    message = _reading(stream).message
    return None if message is None else ctypes.addressof(message)


def _release(stream: int) -> None:
    released = _Stream.from_address(stream)
    _open.pop(released.private_data, None)
    released.release = _RELEASE()


_CALLBACKS: Final = (_GIVE(_get_schema), _GIVE(_get_next), _TELL(_get_last_error), _RELEASE(_release))


def _line_bounds(lines: bytes) -> Bounds:
    """Where each line begins, and where the last one ends."""
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _NEWLINE)
    bounds = np.zeros(len(ends) + 1, np.int32)
    np.add(ends, 1, out=bounds[1:], casting="unsafe")
    return bounds


def _array(lines: bytes, bounds: Bounds) -> object:
    """Lines as an array of the table's rows, which keeps them in memory."""
    rows = len(bounds) - 1
    column = na.c_array_from_buffers(_LINE, rows, [None, bounds, lines], null_count=0)
    return na.c_array_from_buffers(_TABLE, rows, [None], null_count=0, children=[column])


def _move(source: Any, out: int, size_bytes: int, release_offset: int) -> None:
    """Move what nanoarrow made to a place of the consumer's, which releases it from then on."""
    address = source._addr()  # noqa: SLF001 # it has no public way
    ctypes.memmove(out, address, size_bytes)
    ctypes.memset(address + release_offset, 0, _WORD)
