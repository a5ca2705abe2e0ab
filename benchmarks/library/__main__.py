"""Measures the library, and prints a table of figures, goals and verdicts, and JSON.

    python -m benchmarks.library [LINES] [--only NAME,…] [--json FILE]

Groups run one after the other. Only ratios of one run compare.
"""

from functools import partial

from benchmarks import groups
from benchmarks.groups import positive
from benchmarks.library import caller

_MEASURES = {"caller": caller.measure}


def main() -> None:
    """Run the groups that are asked for."""
    parser = groups.parser("python -m benchmarks.library", __doc__, list(_MEASURES))
    parser.add_argument("lines", nargs="?", type=positive, default=20_000, help="log lines of each program")
    arguments = parser.parse_args()
    measures = {name: partial(measure, arguments.lines) for name, measure in _MEASURES.items()}
    groups.run(measures, arguments.only, {"lines": arguments.lines}, arguments.json)


if __name__ == "__main__":
    main()
