"""What is understood of lines is what the store makes records of."""

from collections.abc import Iterator

import pytest

from aggregator.intake.text.entries import Entries, lines_of
from tests.aggregator.record.text.samples import UNDERSTOOD
from tests.aggregator.store.opened_store import OpenedStore, Row, opened

# So that none lies ahead, whatever the clock says.
SAMPLES = [
    (line.replace("2026", "2024").replace("1795428000", "1700000000"), fields) for line, fields in UNDERSTOOD
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Row]]:
    """Return the record of each sample."""
    lines, rows = lines_of(
        Entries([line.encode()], [b'"sample":%d' % number], ["sample"])
        for number, (line, _) in enumerate(SAMPLES)
    )
    assert rows == len(SAMPLES)
    with opened(tmp_path_factory.mktemp("store")) as store:
        take(store, lines)
        yield {SAMPLES[row["sample"]][0]: row for row in store.rows(limit=len(SAMPLES))}


def take(store: OpenedStore, lines: bytes) -> None:
    store.take(*lines.splitlines())


@pytest.mark.parametrize("line", [line for line, _ in SAMPLES])
def test_levels_and_times_are_known_to_the_store(stored: dict[str, Row], line: str) -> None:
    row = stored[line]
    assert "level_unknown" not in row
    assert "timestamp_invalid" not in row


@pytest.mark.parametrize(("line", "fields"), SAMPLES)
def test_a_record_has_what_the_line_says(stored: dict[str, Row], line: str, fields: Row) -> None:
    row = stored[line]
    assert ("level" in row) == any(name in fields for name in ("level", "lvl", "severity"))
    assert row["message"] == fields.get("message", fields.get("msg", fields.get("event")))
    assert (row["timestamp"] < "2026") == any(name in fields for name in ("time", "ts"))
    for name in ("logger", "thread", "path", "status", "caller"):
        if name in fields:
            assert row[name] == fields[name]
