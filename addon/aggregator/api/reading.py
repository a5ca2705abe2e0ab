"""What the routes of reads share: the rows that a request is about, and a client that may go away."""

import asyncio
import time
from collections.abc import Callable, Mapping

from aiohttp import web

from aggregator import limits
from aggregator.api import json_body
from aggregator.errors import InvalidFieldError, SearchSyntaxError
from aggregator.query.ast import Node
from aggregator.query.errors import QuerySyntaxError, QueryValueError
from aggregator.query.parse import parse
from aggregator.query.times import parse_time
from aggregator.record.output import format_ns
from aggregator.state import STATE
from aggregator.store.protocol import Store
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Selection

SELECTION = frozenset({"query", "start", "end"})
"""Fields of a request that say which rows it is about."""

_NS_PER_S = 10**9


async def answered[Found](
    request: web.Request, read: Callable[[Store, Budget], Found]
) -> tuple[Found, float]:
    """Run a read in a thread; it stops when its time is over, or when the client goes away.

    Returns:
        What it found; how long it took, in ms.
    """
    state = request.app[STATE]
    budget = Budget(limits.SEARCH_TIME_S)
    started = time.perf_counter()
    try:
        found = await asyncio.get_running_loop().run_in_executor(state.searches, read, state.store, budget)
    except asyncio.CancelledError:
        budget.cancel()
        raise
    duration_s = time.perf_counter() - started
    state.self_metrics.searched(duration_s)
    return found, round(duration_s * 1000, 3)


def selection(fields: Mapping[str, object]) -> Selection:
    """Return the rows that a request is about."""
    return Selection(parse_query(json_body.text(fields, "query")), *time_range(fields))


def parse_query(text: str) -> Node:
    """Parse a search.

    Raises:
        SearchSyntaxError: it can't be parsed.
    """
    try:
        return parse(text)
    except QuerySyntaxError as error:
        raise SearchSyntaxError(
            f"column {error.column}: {error.message}", column=error.column, expected=list(error.expected)
        ) from None


def time_range(fields: Mapping[str, object]) -> tuple[int | None, int | None]:
    """Return the times that a request is about, ns since the epoch: the first, and the one after the last.

    Raises:
        InvalidFieldError: they are no times, or in the wrong order.
    """
    start_ns, end_ns = _time_ns(fields, "start"), _time_ns(fields, "end")
    # A start that moves on with the present may pass the end while somebody pages: then nothing is left.
    moves = _is_relative(fields, "start") and not _is_relative(fields, "end")
    if start_ns is not None and end_ns is not None and start_ns > end_ns and not moves:
        raise InvalidFieldError(
            f"start: {format_ns(start_ns)} is after end, {format_ns(end_ns)}", field="start"
        )
    return start_ns, end_ns


def _is_relative(fields: Mapping[str, object], name: str) -> bool:
    return json_body.text(fields, name).startswith("now")


def _time_ns(fields: Mapping[str, object], name: str) -> int | None:
    text = json_body.text(fields, name)
    if not text:
        return None
    try:
        return parse_time(text, time.time_ns()).start_ns
    except QueryValueError as error:
        raise InvalidFieldError(f"{name}: {error.message}", field=name) from None


def step_ns(fields: Mapping[str, object]) -> int | None:
    """Return the length of the stretches of time that a request asks for, in ns."""
    if fields.get("step_s") is None:
        return None
    return json_body.whole_number(fields, "step_s", 0, range(1, limits.STEP_S + 1)) * _NS_PER_S


def field_names(fields: Mapping[str, object], name: str, allowed: range) -> list[str]:
    """Return a field's list of names of fields, each once."""
    value = fields.get(name)
    names = [] if value is None else value
    if (
        not isinstance(names, list)
        or len(names) not in allowed
        or not all(isinstance(each, str) and 0 < len(each) <= limits.ASKED_NAME_CHARACTERS for each in names)
        or len(set(names)) != len(names)
    ):
        raise InvalidFieldError(
            f"{name}: a list of {allowed[0]} to {allowed[-1]} names of fields, each once and of "
            f"1 to {limits.ASKED_NAME_CHARACTERS} characters",
            field=name,
        )
    return names
