"""Intake and all queries under a cap of memory."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.store.figures import Figure, at_most
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.store.memory_cap import capped
from benchmarks.store.options import Options
from benchmarks.store.query_suite import ask_all

_CAP_MIB = 256


def measure(options: Options) -> Iterator[Figure]:
    """Do all that the queries' group does, with little memory; a wrong answer or a refusal is a failure."""
    batches = options.corpus()
    lines = b"".join(batches).splitlines()
    with (
        tempfile.TemporaryDirectory() as folder,
        capped(Path(folder) / "data", _CAP_MIB) as (aggregator, cap),
    ):
        send_all(aggregator, batches)
        wait_found(aggregator, options.rows)
        wait_quiet(aggregator, options.settle_s)
        yield Figure(name="peak RSS after intake", unit="MiB", measured=aggregator.peak_rss_mb())
        for _, _, figure in ask_all(aggregator, lines):
            yield replace(figure, goal=None)
        yield Figure(
            name="peak RSS in all (VmHWM)",
            unit="MiB",
            measured=aggregator.peak_rss_mb(),
            goal=at_most(_CAP_MIB),
            note=f"cap: {cap}",
        )
