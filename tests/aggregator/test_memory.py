"""Memory that nobody uses goes back to the system, and what was let go of comes back when it is needed."""

import sys
from pathlib import Path

import duckdb
import pytest

from aggregator.memory import give_back

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")


def resident_mib(kind: str) -> float:
    """How much memory of one kind this process has."""
    status = Path("/proc/self/status").read_text()
    (size_kib,) = (line.split()[1] for line in status.splitlines() if line.startswith(f"{kind}:"))
    return int(size_kib) / 1024


def test_what_was_freed_between_what_is_used_goes_back() -> None:
    pieces = [bytes([number % 256]) * 65_536 for number in range(1024)]
    kept = pieces[::16]
    used_mib = resident_mib("RssAnon")
    del pieces
    give_back()
    assert resident_mib("RssAnon") < used_mib - 48
    assert all(piece == piece[:1] * 65_536 for piece in kept)


def test_what_the_engine_freed_goes_back() -> None:
    with duckdb.connect(config={"threads": 1}) as database:
        database.execute("CREATE TABLE numbers AS SELECT hash(range) AS number FROM range(8_000_000)")
        used_mib = resident_mib("RssAnon")
        database.execute("DROP TABLE numbers")
        give_back()
        assert resident_mib("RssAnon") < used_mib - 32


def test_code_that_ran_once_goes_and_comes_back() -> None:
    with duckdb.connect() as database:
        query = "SELECT regexp_extract('a12', '[0-9]+'), median(range) FROM range(101)"
        before = database.execute(query).fetchall()
        used_mib = resident_mib("RssFile")
        give_back()
        assert resident_mib("RssFile") < used_mib - 4
        assert database.execute(query).fetchall() == before
