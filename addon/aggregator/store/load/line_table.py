"""Lines as a table of the engine: it reads them where they are, through the Arrow C data interface.

A reader of files would copy them and look for the ends of lines one character at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import duckdb
import nanoarrow as na
import numpy as np
from nanoarrow.c_array_stream import CArrayStream

NAME: Final = "sent_lines"
"""The table's name; it has one column, `json`."""

_LINE: Final = na.c_schema(na.string())
_TABLE: Final = na.c_schema(na.struct({"json": na.string()}))
_NEWLINE: Final = ord("\n")


@contextmanager
def line_table(connection: duckdb.DuckDBPyConnection, batches: Sequence[bytes]) -> Iterator[None]:
    """Let a connection read lines as the table `NAME` meanwhile.

    Args:
        connection: the only one that sees the table.
        batches: lines in UTF-8, each ended by a newline, which it keeps.
    """
    connection.register(NAME, _LineTable(batches))
    try:
        yield
    finally:
        connection.unregister(NAME)


class _LineTable:
    """Lines that can be read any number of times by what speaks Arrow.

    https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
    """

    def __init__(self, batches: Sequence[bytes]) -> None:
        self._arrays = [_array(batch) for batch in batches]

    def __arrow_c_schema__(self) -> object:
        return _TABLE.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a stream of the lines; the schema is always the same."""
        return CArrayStream.from_c_arrays(self._arrays, _TABLE, move=False).__arrow_c_stream__()


def _array(lines: bytes) -> na.c_array.CArray:
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _NEWLINE)
    bounds = np.zeros(len(ends) + 1, np.int32)
    np.add(ends, 1, out=bounds[1:], casting="unsafe")
    column = na.c_array_from_buffers(_LINE, len(ends), [None, bounds, lines], null_count=0)
    return na.c_array_from_buffers(_TABLE, len(ends), [None], null_count=0, children=[column])
