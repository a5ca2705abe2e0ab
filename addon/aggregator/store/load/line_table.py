"""Lines as a table of the engine: it reads them where they are, through the Arrow C data interface.

A reader of files would copy them and look for the ends of lines one character at a time.
"""

from collections.abc import Iterator
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


class LineTable:
    """Lines that the engine reads as a table, batch by batch.

    https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
    """

    def __init__(self) -> None:
        self._batches: list[object] = []
        self._is_last = False

    def add(self, lines: bytes) -> None:
        """Add lines in UTF-8, each ended by a newline, which it keeps."""
        ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == _NEWLINE)
        bounds = np.zeros(len(ends) + 1, np.int32)
        np.add(ends, 1, out=bounds[1:], casting="unsafe")
        column = na.c_array_from_buffers(_LINE, len(ends), [None, bounds, lines], null_count=0)
        self._batches.append(
            na.c_array_from_buffers(_TABLE, len(ends), [None], null_count=0, children=[column])
        )

    def let_go(self) -> None:
        """Let each batch go as soon as it is read the next time; after that the table is empty."""
        self._is_last = True

    @contextmanager
    def readable(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Let a connection read the table by its name meanwhile; no other one sees it."""
        connection.register(NAME, self)
        try:
            yield
        finally:
            connection.unregister(NAME)

    def __arrow_c_schema__(self) -> object:
        capsule: object = _TABLE.__arrow_c_schema__()
        return capsule

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a stream of the lines; the schema is always the same."""
        # A copy, as it moves with the batches.
        schema = na.c_schema(_TABLE.__arrow_c_schema__())
        stream = CArrayStream.from_c_arrays(self._batches, schema, move=self._is_last)
        capsule: object = stream.__arrow_c_stream__()
        return capsule
