"""Each file of a data folder is cut off and changed: the aggregator starts, reports it, and the rest serves on."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aggregator.running_aggregator import Aggregator
from tests.faults.forked_aggregator import SMALL, fork, forked
from tests.faults.ledger import Ledger
from tests.faults.stored_lines import messages_after, rows

CUTS = (0.0, 0.3, 0.7, 0.99)
"""Where files are cut off, as a share of their length."""

FLIPS = (0.0, 0.15, 0.5, 0.8, 0.98, 1.0)
"""Where a bit of files is changed."""


@dataclass(frozen=True)
class Origin:
    """A data folder that is whole.

    Args:
        data: the folder.
        messages: all messages in it.
    """

    data: Path
    messages: frozenset[str]

    def copy(self, data: Path) -> None:
        """Begin with it anew."""
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.data, data)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    data = tmp_path_factory.mktemp("damage") / "data"
    ledger = Ledger()
    with forked(data) as aggregator:
        for number in range(2):
            ledger.send(aggregator, f"segment{number}", 40, service="s", level="error")
        ledger.send(aggregator, "bulk", 150, uid=False, level="info")
        change = b'{"retention_days":3650}'
        assert aggregator.request("PATCH", "/api/v1/settings", change, scope="admin").status == 200
    with forked(data, SMALL | {"aggregator.limits.SEAL_ROWS": 10**6}) as aggregator:
        for number in range(3):
            ledger.send(aggregator, f"frame{number}", 10)
        messages_after(aggregator, "frame2-9")
    return Origin(data, frozenset(ledger.acknowledged))


def damages(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The ways in which a file is damaged, each with a name."""
    for share in CUTS:
        yield f"cut off at {share}", content[: int(share * len(content))]
    for share in FLIPS:
        position = min(int(share * len(content)), len(content) - 1)
        changed = bytes([content[position] ^ 0x10])
        yield f"changed at {share}", content[:position] + changed + content[position + 1 :]


def store_files(origin: Origin) -> list[Path]:
    """The files that hold lines, or what is known of them, relative to the data folder."""
    store = origin.data / "store"
    return sorted(
        path.relative_to(origin.data)
        for path in store.rglob("*")
        if path.is_file() and path.parent != store
    )


def damaged_files(aggregator: Aggregator) -> float:
    (line,) = (line for line in aggregator.scrape() if line.startswith("ha_ingestor_aggregator_damaged_files "))
    return float(line.rpartition(" ")[2])


def test_one(origin: Origin, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for file in store_files(origin):
        origin.copy(data)
        (data / file).unlink()
        with forked(data) as aggregator:
            rest = {row["message"] for row in rows(aggregator)}
        print(file, len(origin.messages - rest))
        for name, content in damages((origin.data / file).read_bytes()):
            origin.copy(data)
            (data / file).write_bytes(content)
            try:
                with forked(data, output=tmp_path / "log") as aggregator:
                    assert aggregator.send({"message": "after"}).status == 200
                    aggregator.wait_for("after", 1)
                    found = [row["message"] for row in rows(aggregator)]
                    print(name, len(rest - set(found)), len(set(found) - origin.messages), len(found), damaged_files(aggregator),(tmp_path / "log").read_text().count('"warn'), (tmp_path / "log").read_text().count('"error"'))
            except AssertionError as e:
                print("FAIL", name, str(e)[:300])
    assert 0
