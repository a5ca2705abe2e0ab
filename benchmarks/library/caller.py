"""What a log line costs its caller, and the process as a whole, beside other libraries."""

import gc
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from benchmarks.library.programs import PROGRAMS, Call
from benchmarks.library.sink import sink
from benchmarks.store.figures import Figure, at_most, percentile

_ROUNDS: Final = 3
_BURST_CALLS: Final = 100
# 10,000 lines/s.
_BURST_INTERVAL_S: Final = 0.01
_WARM_UP_CALLS: Final = 2_000
_BLOCK_CALLS: Final = 1_000
_BLOCKS: Final = 50


@dataclass(frozen=True, slots=True)
class Cost:
    """What one program's lines cost.

    Args:
        p50_ns: a call's median.
        p99_ns: its 99th percentile.
        cpu_ns: CPU time of all threads of the process for a line, until it is delivered.
        disabled_ns: a call at a level that is not taken.
    """

    p50_ns: float
    p99_ns: float
    cpu_ns: float
    disabled_ns: float


def measure(lines: int) -> Iterator[Figure]:
    """Let each program log at 10,000 lines/s in a process of its own, three times by turns.

    Args:
        lines: log lines of each program and turn.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in PROGRAMS}
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, sink() as url:
        for turn in range(_ROUNDS):
            for name in PROGRAMS:
                result = _in_a_process(name, Path(folder) / f"{turn}.log", url, lines)
                if isinstance(result, Cost):
                    costs[name].append(result)
                else:
                    missing[name] = result
    medians = {
        name: Cost(*map(statistics.median, zip(*map(astuple, turns), strict=True)))
        for name, turns in costs.items()
        if turns
    }
    library, text = medians["this library"], medians["standard library, text"]
    yield Figure(name="a call, p50", unit="ns", measured=library.p50_ns, goal=at_most(2_000))
    yield Figure(name="a call, p99, at 10k lines/s", unit="ns", measured=library.p99_ns, goal=at_most(15_000))
    yield Figure(name="disabled level", unit="ns", measured=library.disabled_ns, goal=at_most(120))
    yield Figure(name="CPU a delivered line", unit="ns", measured=library.cpu_ns)
    yield Figure(
        name="CPU a line ÷ standard library's text in a file",
        unit="times",
        measured=library.cpu_ns / text.cpu_ns,
        goal=at_most(1.0),
    )
    for name, cost in medians.items():
        if cost is not library:
            yield from _beside(name, cost, library)
    for name, reason in missing.items():
        yield Figure(name=name, unit="", measured=None, note=reason)


def _beside(name: str, cost: Cost, library: Cost) -> Iterator[Figure]:
    for what, theirs, ours in (
        ("p50", cost.p50_ns, library.p50_ns),
        ("p99", cost.p99_ns, library.p99_ns),
        ("CPU a line", cost.cpu_ns, library.cpu_ns),
        ("disabled level", cost.disabled_ns, library.disabled_ns),
    ):
        yield Figure(
            name=f"{name} ÷ this library, {what}",
            unit="times",
            measured=theirs / ours,
            note=f"{theirs:,.0f} ns",
        )


def _in_a_process(name: str, file: Path, url: str, lines: int) -> Cost | str:
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_measure_one, args=(sending, name, file, url, lines))
    process.start()
    sending.close()
    try:
        result: Cost | str = receiving.recv()
    except EOFError:
        result = "its process died"
    process.join()
    return result


def _measure_one(answer: Connection, name: str, file: Path, url: str, lines: int) -> None:
    try:
        program = PROGRAMS[name](file, url)
    except ImportError as error:
        answer.send(f"{error.name} is not installed")
        return
    identifiers = iter(range(2**32))
    for _ in range(_WARM_UP_CALLS):
        program.call(_identifier(next(identifiers)))
    program.finish()
    gc.collect()
    clock = time.perf_counter_ns
    empty_ns = min(-(clock() - clock()) for _ in range(10_000))
    samples_ns: list[float] = []
    cpu_before_ns = time.process_time_ns()
    for _ in range(max(lines // _BURST_CALLS, 1)):
        for request in [_identifier(next(identifiers)) for _ in range(_BURST_CALLS)]:
            before_ns = clock()
            program.call(request)
            samples_ns.append(clock() - before_ns - empty_ns)
        time.sleep(_BURST_INTERVAL_S)
    if not program.finish():
        answer.send("not all lines were delivered")
        return
    cpu_ns = (time.process_time_ns() - cpu_before_ns) / len(samples_ns)
    disabled_ns = _block_ns(program.disabled) - _block_ns(lambda: None)
    answer.send(Cost(percentile(samples_ns, 50), percentile(samples_ns, 99), cpu_ns, disabled_ns))


def _identifier(number: int) -> str:
    # As far from the one before as those that are drawn by chance, and the same in every run.
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def _block_ns(call: Call) -> float:
    """One call's cost, from blocks of many, since a single one is shorter than reading the clock.

    The quickest block counts: the code is the same each time, and other programs only add to it.
    """
    blocks_ns = []
    for _ in range(_BLOCKS):
        began_ns = time.perf_counter_ns()
        for _ in range(_BLOCK_CALLS):
            call()
        blocks_ns.append((time.perf_counter_ns() - began_ns) / _BLOCK_CALLS)
    return min(blocks_ns)
