"""Intake and all queries under a cap of memory."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.aggregator import running
from benchmarks.store.figures import Figure, at_most
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.store.memory_cap import launcher
from benchmarks.store.options import Options
from benchmarks.store.query_suite import ask_all

_CAP_MIB = 256


def measure(options: Options) -> Iterator[Figure]:
    """Do all that the queries' group does, with little memory; a wrong answer or a refusal is a failure."""
    batches = options.corpus()
    lines = b"".join(batches).splitlines()
    command, kind = launcher(_CAP_MIB)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", command) as aggregator:
        send_all(aggregator, batches)
        wait_found(aggregator, options.rows)
        wait_quiet(aggregator, options.settle_s)
        yield Figure(name="peak RSS after intake", unit="MiB", measured=aggregator.peak_rss_mb())
        for _, figure in ask_all(aggregator, lines):
            yield replace(figure, goal=None)
        yield Figure(
            name=f"peak RSS under {_CAP_MIB} MiB",
            unit="MiB",
            measured=aggregator.peak_rss_mb(),
            goal=at_most(_CAP_MIB),
            note=f"{kind}; all of it answered",
        )
