"""Measures the store, and prints a table of figures, goals and verdicts, and JSON.

    python -m benchmarks.store [ROWS] [--only NAME,…] [--victoria-logs URL] [--json FILE]

Groups run one after the other, each on an aggregator of its own. A VictoriaLogs is filled by the run,
so it must be empty; the figures that it has are then goals in place of those of the reference machine.
"""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import groups
from benchmarks.groups import positive
from benchmarks.store import contention, freshness, intake, memory, month, query_suite, scale
from benchmarks.store.figures import Figure
from benchmarks.store.options import Options

_MEASURES: dict[str, Callable[[Options], Iterator[Figure]]] = {
    "intake": intake.measure,
    "freshness": freshness.measure,
    "queries": query_suite.measure,
    "contention": contention.measure,
    "memory": memory.measure,
    "scale": scale.measure,
    "month": month.measure,
}


def main() -> None:
    """Run the groups that are asked for."""
    parser = groups.parser("python -m benchmarks.store", __doc__, list(_MEASURES))
    parser.add_argument("rows", nargs="?", type=positive, default=3_000_000, help="rows of the corpus")
    parser.add_argument("--scale", type=positive, default=10, help="times ROWS of the large store")
    parser.add_argument("--rows-a-day", type=positive, default=1_000_000, help="of the month")
    parser.add_argument("--fast", action="store_true", help="a tenth of the month's rows")
    parser.add_argument(
        "--settle",
        type=float,
        default=35.0,
        help="seconds of idling that count as quiet; compaction looks every 30",
    )
    parser.add_argument("--victoria-logs", metavar="URL", help="a VictoriaLogs to measure beside")
    arguments = parser.parse_args()
    options = Options(
        rows=arguments.rows,
        scale=arguments.scale,
        rows_a_day=arguments.rows_a_day // (10 if arguments.fast else 1),
        settle_s=arguments.settle,
        victoria_logs=arguments.victoria_logs,
    )
    asked = {"rows": options.rows, "scale": options.scale, "rows_a_day": options.rows_a_day}
    measures = {name: partial(measure, options) for name, measure in _MEASURES.items()}
    groups.run(measures, arguments.only, asked, arguments.json)


if __name__ == "__main__":
    main()
