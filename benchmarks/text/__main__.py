"""Measures what it costs to understand lines of text, and prints a table of figures, and JSON.

    python -m benchmarks.text [LINES] [--only NAME,…] [--json FILE]

Groups run one after the other. Only ratios of one run compare.
"""

import sys
from functools import partial
from pathlib import Path

from benchmarks import groups
from benchmarks.groups import positive

sys.path.insert(0, str(Path(__file__).parents[2] / "addon"))

from benchmarks.text import formats, intake

_MEASURES = {"formats": formats.measure, "intake": intake.measure}


def main() -> None:
    """Run the groups that are asked for."""
    parser = groups.parser("python -m benchmarks.text", __doc__, list(_MEASURES))
    parser.add_argument("lines", nargs="?", type=positive, default=100_000, help="lines of each kind")
    arguments = parser.parse_args()
    measures = {name: partial(measure, arguments.lines) for name, measure in _MEASURES.items()}
    groups.run(measures, arguments.only, {"lines": arguments.lines}, arguments.json)


if __name__ == "__main__":
    main()
