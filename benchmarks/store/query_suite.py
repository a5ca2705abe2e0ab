"""Q1 to Q9 through HTTP, warm, full rows returned, each answer compared with a naive loop's."""

import http.client
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.aggregator import Aggregator, AnswerError, running
from benchmarks.store.figures import Figure, at_most
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.store.options import Options
from benchmarks.store.queries import queries
from benchmarks.store.query_kinds import Query
from benchmarks.store.timing import timed
from benchmarks.store.victoria_logs import VictoriaLogs, answer_size

_LOOP_MS = 1.0
"""A naive loop shorter than this reads no lines: there is nothing to compare with."""


def measure(options: Options) -> Iterator[Figure]:
    """Store the corpus, then time the queries."""
    batches = options.corpus()
    lines = b"".join(batches).splitlines()
    victoria = None
    if options.victoria_logs is not None:
        victoria = VictoriaLogs(options.victoria_logs)
        victoria.fill(batches, options.rows)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as aggregator:
        send_all(aggregator, batches)
        wait_found(aggregator, options.rows)
        wait_quiet(aggregator, options.settle_s)
        for query, expected, figure in ask_all(aggregator, lines):
            if victoria is None:
                yield figure
            else:
                yield _beside(victoria, query, query.size(expected), figure)


def _beside(victoria: VictoriaLogs, query: Query[Any], size: int, figure: Figure) -> Figure:
    timing = victoria.timing(query.name, query.logsql)
    found = answer_size(query.name, timing.answer)
    if found != size:
        return replace(figure, note=f"{figure.note}, VictoriaLogs found {found}, not {size}")
    return replace(figure, victoria_logs=timing.median_ms, goal=at_most(timing.median_ms))


def ask_all(aggregator: Aggregator, lines: list[bytes]) -> Iterator[tuple[Query[Any], Any, Figure]]:
    """Ask Q1 to Q9 of an aggregator that holds these lines and no others.

    Yields:
        Each query, the naive loop's answer, and the figure.
    """
    connection = aggregator.connect()
    for query in queries(lines):
        started = time.perf_counter()
        expected = query.naive(lines)
        naive_ms = 1000 * (time.perf_counter() - started)
        figure = checked(aggregator, connection, query, expected)
        notes = [figure.note]
        if figure.measured is not None:
            notes.append(query.aim)
            if naive_ms > _LOOP_MS:
                notes.append(f"{figure.measured / naive_ms:.3g} of a naive loop")
        yield query, expected, replace(figure, note=", ".join(filter(None, notes)))
    connection.close()


def checked(
    aggregator: Aggregator, connection: http.client.HTTPConnection, query: Query[Any], expected: object
) -> Figure:
    """Time one query and check its answer.

    Args:
        aggregator: what to ask.
        connection: to it.
        query: what to ask it.
        expected: what the query's naive loop would find.
    """
    request = query.request()
    try:
        timing = timed(lambda: aggregator.ask(connection, "POST", request.path, request.body))
    except AnswerError as error:
        missing = error.status == http.client.NOT_FOUND
        return _unmeasured(query, f"no such route: {request.path}" if missing else str(error))
    try:
        problem = query.problem(timing.answer, expected)
    except (LookupError, TypeError, ValueError, TimeoutError) as error:
        problem = f"unreadable: {error!r}"
    if problem:
        return _unmeasured(query, f"WRONG ANSWER: {problem}")
    return Figure(
        name=query.name,
        unit="ms",
        measured=timing.median_ms,
        goal=at_most(query.goal_ms),
        note=f"p95 {timing.p95_ms:.1f}",
    )


def _unmeasured(query: Query[Any], note: str) -> Figure:
    return Figure(name=query.name, unit="ms", measured=None, note=note)
