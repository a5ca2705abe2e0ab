"""A real store in a folder, with what tests ask of it."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import pytest

from aggregator import limits
from aggregator.query.parse import parse
from aggregator.store.embedded import EmbeddedStore, StoreEvents
from aggregator.store.load.loaded import Loaded
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Position, Search

Row: TypeAlias = dict[str, Any]

WAIT_S = 10.0


class OpenedStore:
    """A store with the events that it told.

    Args:
        folder: where its files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded = list[Loaded]()
        self.syncs: list[float] = []
        self.damaged_bytes: list[int] = []
        self.set_aside: list[Path] = []
        events = StoreEvents(
            self.loaded.append, self.syncs.append, self.damaged_bytes.append, self.set_aside.append
        )
        self.store = EmbeddedStore(folder, events)

    def take(self, *lines: Row | bytes, source: str = "http") -> None:
        """Send lines, and wait until they are durable and can be found."""
        reached = self.store.last_seq + len(lines)
        self.store.append(body(*lines), len(lines), source).result(WAIT_S)
        wait_until(lambda: self.store.last_seq >= reached)

    def rows(self, query: str = "", limit: int = 5000, **search: Any) -> list[Row]:
        """Search one page, the oldest first, as clients get it."""
        page = self.store.search(
            Search(parse(query), limit=limit, **({"newest_first": False} | search)), Budget(WAIT_S)
        )
        assert not page.partial
        return [json.loads(orjson.dumps(dict(record.fields))) for record in page.rows]

    def messages(self, query: str = "", **search: Any) -> list[str]:
        """Search one page of messages, the oldest first."""
        return [row["message"] for row in self.rows(query, **search)]

    def pages(self, limit: int, *, newest_first: bool, query: str = "") -> Iterator[list[Row]]:
        """Search page by page."""
        after: Position | None = None
        while True:
            page = self.store.search(
                Search(parse(query), None, None, limit, newest_first, after), Budget(WAIT_S)
            )
            assert not page.partial
            yield [dict(record.fields) for record in page.rows]
            if page.next is None:
                return
            after = page.next

    def wait_until_sealed(self) -> None:
        """Wait until every log file but the last is a segment."""
        wait_until(lambda: len(self.log_files()) == 1)

    def log_files(self) -> list[Path]:
        """The files of the write-ahead log, the oldest first."""
        return sorted((self.folder / "log").glob("*.log"))

    def segment_files(self) -> list[Path]:
        """The segments, the oldest first."""
        return sorted((self.folder / "segments").glob("*.parquet"))

    def segment_seqs(self) -> list[int]:
        """Number of the first line of each segment."""
        return [int(path.stem.partition("-")[0]) for path in self.segment_files()]


@contextmanager
def opened(folder: Path) -> Iterator[OpenedStore]:
    """Open a store and close it."""
    store = OpenedStore(folder)
    try:
        yield store
    finally:
        store.store.close()


def body(*lines: Row | bytes) -> bytes:
    """Lines as intake hands them over."""
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()) + b"\n"
        for line in lines
    )


def copy_running(source: Path, target: Path) -> None:
    """Copy a store that goes on; the log first, as a file of it goes when its segment is there."""
    for folder in ("log", "segments"):
        (target / folder).mkdir(parents=True)
        for path in (source / folder).iterdir():
            with suppress(FileNotFoundError):
                shutil.copy(path, target / folder)
    shutil.copy(source / "format.json", target)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something in another thread has happened."""
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.002)


def seal_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each batch a log file, and so a segment once the next batch comes."""
    monkeypatch.setattr(limits, "SEAL_ROWS", 1)
