"""Each file of a data folder is cut off or changed: the aggregator starts, tells it, and serves the rest."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aggregator.running_aggregator import Aggregator
from tests.faults.forked_aggregator import STILL, fork, forked
from tests.faults.ledger import Ledger
from tests.faults.stored_lines import messages_after, rows

CUTS = (0.0, 0.4, 0.99)
"""Where files are cut off, as a share of their length."""

FLIPS = (0.0, 0.15, 0.5, 0.8, 1.0)
"""Where a bit of files is changed."""

METRIC = "ha_ingestor_aggregator_damaged_files "


@dataclass(frozen=True)
class Origin:
    """A data folder that is whole.

    Args:
        data: the folder.
        messages: all messages in it.
    """

    data: Path
    messages: frozenset[str]

    def files(self, pattern: str) -> list[Path]:
        """Files of the store, relative to the data folder."""
        found = sorted((self.data / "store").rglob(pattern))
        assert found
        return [path.relative_to(self.data) for path in found]

    def copy(self, data: Path) -> None:
        """Begin with it anew."""
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.data, data)

    def without(self, data: Path, file: Path) -> set[str]:
        """The messages that are in other files than this."""
        self.copy(data)
        (data / file).unlink()
        with forked(data, STILL) as aggregator:
            return {row["message"] for row in rows(aggregator)}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    data = tmp_path_factory.mktemp("damage") / "data"
    ledger = Ledger()
    with forked(data, STILL) as aggregator:
        ledger.send(aggregator, "segment", 40, service="s", level="error")
        messages_after(aggregator, "segment-39")
        ledger.send(aggregator, "bulk", 150, uid=False, level="info")
        messages_after(aggregator, "bulk-149")
        change = b'{"retention_days":3650}'
        assert aggregator.request("PATCH", "/api/v1/settings", change, scope="admin").status == 200
    with forked(data, STILL | {"aggregator.limits.SEAL_AGE_S": 3600}) as aggregator:
        for number in range(3):
            ledger.send(aggregator, f"frame{number}", 10)
        messages_after(aggregator, "frame2-9")
    return Origin(data, frozenset(ledger.acknowledged))


def cut(content: bytes) -> Iterator[bytes]:
    """A file's content, cut off."""
    for share in CUTS:
        yield content[: int(share * len(content))]


def flipped(content: bytes) -> Iterator[bytes]:
    """A file's content with a bit changed."""
    for share in FLIPS:
        position = min(int(share * len(content)), len(content) - 1)
        changed = bytes([content[position] ^ 0x10])
        yield content[:position] + changed + content[position + 1 :]


def damaged(content: bytes) -> Iterator[bytes]:
    """A file's content, damaged in every way."""
    yield from cut(content)
    yield from flipped(content)


def serves_the_rest(origin: Origin, data: Path, file: Path, contents: Iterator[bytes]) -> None:
    """Start with each of the contents in the place of a file, and look what is served and reported."""
    rest = origin.without(data, file)
    report = data.with_name("report")
    for content in contents:
        origin.copy(data)
        (data / file).write_bytes(content)
        with forked(data, STILL, output=report) as aggregator:
            assert aggregator.send({"message": "after"}).status == 200
            found = messages_after(aggregator, "after")
            files = count_of_damaged(aggregator)
        assert len(found) == len(set(found))
        assert rest <= set(found) <= origin.messages | {"after"}
        if content and origin.messages - set(found):
            assert files == 1
            assert file.stem in report.read_text()


def count_of_damaged(aggregator: Aggregator) -> float:
    (line,) = (line for line in aggregator.scrape() if line.startswith(METRIC))
    return float(line.removeprefix(METRIC))


def test_a_damaged_log_file(origin: Origin, tmp_path: Path) -> None:
    for file in origin.files("*.log"):
        serves_the_rest(origin, tmp_path / "data", file, damaged((origin.data / file).read_bytes()))


def test_a_segment_that_is_cut_off(origin: Origin, tmp_path: Path) -> None:
    for file in origin.files("*.parquet"):
        serves_the_rest(origin, tmp_path / "data", file, cut((origin.data / file).read_bytes()))


def test_a_segment_with_a_changed_bit(origin: Origin, tmp_path: Path) -> None:
    for file in origin.files("*.parquet"):
        serves_the_rest(origin, tmp_path / "data", file, flipped((origin.data / file).read_bytes()))


def test_a_damaged_index_costs_nothing(origin: Origin, tmp_path: Path) -> None:
    for file in origin.files("*.index"):
        for content in damaged((origin.data / file).read_bytes()):
            data = tmp_path / "data"
            origin.copy(data)
            (data / file).write_bytes(content)
            with forked(data, STILL) as aggregator:
                assert {row["message"] for row in rows(aggregator)} == origin.messages
                assert count_of_damaged(aggregator) == 0
            assert (data / file).read_bytes() == (origin.data / file).read_bytes()


@pytest.mark.parametrize("name", ["settings.json", "id", "tokens/ingest"])
def test_a_damaged_small_file_costs_nothing_else(origin: Origin, tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    for content in damaged((origin.data / name).read_bytes()):
        origin.copy(data)
        (data / name).write_bytes(content)
        with forked(data, STILL) as aggregator:
            set_aside = (data / f"{name}.damaged").exists()
            assert count_of_damaged(aggregator) == set_aside
            assert set_aside or not content or (data / name).read_bytes() == content
            assert aggregator.send({"message": "after"}).status == 200
            assert set(messages_after(aggregator, "after")) == origin.messages | {"after"}
            stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
            assert len(bytes.fromhex(stats["id"])) == 16
            settings = aggregator.request("GET", "/api/v1/settings", scope="read").json
            assert settings["retention_days"] == (30 if name == "settings.json" else 3650)


def refusal(data: Path) -> str:
    """Start where the start is refused, without a change, and return what is told."""
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    report = data.with_name("report")
    aggregator = fork(data, STILL, output=report)
    aggregator.process.go()
    assert aggregator.process.wait() == 1
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    (told,) = report.read_text().splitlines()
    return told


def test_a_store_of_a_newer_version_is_refused_untouched(origin: Origin, tmp_path: Path) -> None:
    origin.copy(tmp_path / "data")
    format_file = tmp_path / "data" / "store" / "format.json"
    version = json.loads(format_file.read_bytes())["version"]
    format_file.write_text(json.dumps({"version": version + 1}))
    assert f"has format {version + 1}; this version reads {version}" in refusal(tmp_path / "data")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"2", b'{"version":"2"}', b"{}"])
def test_a_store_whose_version_can_not_be_read_is_refused_untouched(
    origin: Origin, tmp_path: Path, content: bytes
) -> None:
    origin.copy(tmp_path / "data")
    (tmp_path / "data" / "store" / "format.json").write_bytes(content)
    assert "format.json" in refusal(tmp_path / "data")
