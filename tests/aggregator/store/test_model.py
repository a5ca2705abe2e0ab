"""Whatever happens to a store in whatever order, it holds what a plain list holds."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from aggregator import limits
from aggregator.store.keep.policy import Policy
from aggregator.store.load import loader
from tests.aggregator.store.opened_store import WAIT_S, OpenedStore, Row, body, wait_until

OLD_NS = 1_600_000_000 * 10**9
RETENTION_DAYS = 7
BULK_ROWS = 12


class StoreMachine(RuleBasedStateMachine):
    """A store and a list of the lines that it must have, each with a message of its own."""

    batches: Bundle[list[Row]] = Bundle("batches")

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(limits, "LOAD_INTERVAL_S", 0.0)
        self.patch.setattr(limits, "LOAD_REST", 0)
        self.patch.setattr(limits, "COMPACT_SEGMENTS", 2)
        self.patch.setattr(loader, "BULK_ROWS", BULK_ROWS)
        self.temporary = tempfile.TemporaryDirectory()
        self.folders = iter(Path(self.temporary.name) / f"{number}" for number in range(10_000))
        self.store = OpenedStore(next(self.folders))
        self.kept: list[str] = []
        """Messages of the lines that must be there, in the order in which they came."""
        self.old: set[str] = set()
        """Messages of lines so old that they may be there or not: retention removes whole segments, and what
        is in the log as well comes back after a crash, until retention runs again."""
        self.lines = 0
        self.sent = False
        """Whether lines were sent since the store was opened."""

    @initialize(rows=st.sampled_from([1, 4, 1000]))
    def begin(self, rows: int) -> None:
        """Let log files be as large as that."""
        self.patch.setattr(limits, "SEAL_ROWS", 1000)
        self.patch.setattr(limits, "SEAL_AGE_S", 0.0 if rows == 1 else 3600.0)
        if rows == 4:
            self.patch.setattr(limits, "SEAL_ROWS", rows)

    @rule(count=st.integers(1, 2 * BULK_ROWS), old=st.booleans(), wait=st.booleans())
    def append(self, count: int, *, old: bool, wait: bool) -> None:
        """Send lines without uids."""
        self.send(self.new_lines(count, old=old), wait=wait)

    @rule(target=batches, count=st.integers(1, 5), wait=st.booleans())
    def append_with_uids(self, count: int, *, wait: bool) -> list[Row]:
        """Send lines with uids."""
        lines = [line | {"uid": line["message"]} for line in self.new_lines(count, old=False)]
        self.send(lines, wait=wait)
        return lines

    @rule(lines=batches, wait=st.booleans())
    def append_again(self, lines: list[Row], *, wait: bool) -> None:
        """Send lines again: they are known by their uids."""
        self.send(lines, wait=wait)

    @rule(lines=consumes(batches))
    def append_again_with_others(self, lines: list[Row]) -> None:
        """Send lines again, with new ones among them."""
        self.send([*lines, *self.new_lines(2, old=False)], wait=False)

    @rule()
    def wait(self) -> None:
        """Wait until everything can be found."""
        self.wait_until_loaded()

    @rule(data=st.data())
    def search(self, data: st.DataObject) -> None:
        """Search for one line."""
        if not self.kept:
            return
        message = data.draw(st.sampled_from(self.kept))
        self.wait_until_loaded()
        assert self.store.messages(message) == [message]

    @rule()
    def remove_old(self) -> None:
        """Apply retention."""
        self.store.store.retain(Policy(RETENTION_DAYS))

    @rule()
    def compact(self) -> None:
        """Make larger segments of small ones, as far as they are due."""
        while self.store.store._compactor.compact():
            pass

    @rule()
    def reopen(self) -> None:
        """Close the store and open it again."""
        self.store.store.close()
        self.open(self.store.folder)

    @rule()
    def crash(self) -> None:
        """Go on with the files as they are at this moment."""
        crashed = self.store
        folder = next(self.folders)
        copy_at_one_moment(crashed.folder, folder)
        crashed.store.close()
        shutil.rmtree(crashed.folder)
        self.open(folder)

    @invariant()
    def same(self) -> None:
        """Compare all lines, in the order in which they came."""
        self.wait_until_loaded()
        rows = [row for page in self.store.pages(100, newest_first=False) for row in page]
        rows.sort(key=lambda row: int(row["_id"]))
        found = [str(row["message"]) for row in rows]
        assert [message for message in found if message not in self.old] == self.kept
        old = {message for message in found if message in self.old}
        assert len(found) == len(self.kept) + len(old)

    def teardown(self) -> None:
        """Close the store."""
        self.store.store.close()
        self.temporary.cleanup()
        self.patch.undo()

    def open(self, folder: Path) -> None:
        """Go on with the store in a folder."""
        self.store = OpenedStore(folder)
        self.sent = False

    def new_lines(self, count: int, *, old: bool) -> list[Row]:
        """Lines that were not sent before."""
        timestamp = OLD_NS if old else time.time_ns()
        lines: list[Row] = []
        for _ in range(count):
            self.lines += 1
            lines.append({"message": f"line{self.lines}", "timestamp": timestamp, "number": self.lines})
        return lines

    def send(self, lines: list[dict[str, Any]], *, wait: bool) -> None:
        """Send lines, until they are acknowledged or until they can be found."""
        self.store.store.append(body(*lines), len(lines), "http").result(WAIT_S)
        self.sent = True
        known = set(self.kept)
        for line in lines:
            if line["timestamp"] == OLD_NS:
                self.old.add(line["message"])
            elif line["message"] not in known:
                self.kept.append(line["message"])
        if wait:
            self.wait_until_loaded()

    def wait_until_loaded(self) -> None:
        """Wait until what was acknowledged can be found."""
        store = self.store.store
        if self.sent:
            wait_until(lambda: store.last_seq >= store._commit._next_seq - 1)
        wait_until(lambda: store._loader.wait(0))


def copy_at_one_moment(folder: Path, copy: Path) -> None:
    """Copy a folder while threads change it, as it was at one moment."""
    while True:
        # Whatever goes away between being listed and being read is a change.
        with suppress(shutil.Error, FileNotFoundError):
            before = set(files(folder))
            shutil.copytree(folder, copy)
            if before == set(files(folder)):
                return
        shutil.rmtree(copy, ignore_errors=True)


def files(folder: Path) -> Iterator[tuple[Path, int, int, int]]:
    """The files in a folder, with what shows a change."""
    for path in folder.rglob("*"):
        status = path.stat()
        yield path, status.st_ino, status.st_size, status.st_mtime_ns


def test_a_store_holds_what_a_list_holds() -> None:
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            # To find a shorter example of a failure takes minutes: each try opens stores.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )
