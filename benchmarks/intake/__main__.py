"""Measures how fast lines are taken, protocol by protocol, as a ratio to JSON lines in the same run.

    python -m benchmarks.intake [ROWS] [--only rates,sockets] [--protocols NAME;…] [--json FILE]

Every protocol sends the same lines in bodies of 5,000 over two connections to an aggregator of its own. What
has no bodies, such as syslog, sends them over a connection or as datagrams; nothing is acknowledged to it.
"""

import argparse
from functools import partial

from benchmarks import groups
from benchmarks.groups import positive
from benchmarks.intake import rates, sockets
from benchmarks.intake.protocols import PROTOCOLS


def main() -> None:
    """Run what is asked for."""
    parser = groups.parser("python -m benchmarks.intake", __doc__, ["rates", "sockets"])
    parser.add_argument("rows", nargs="?", type=positive, default=300_000, help="rows of each protocol")
    parser.add_argument(
        "--protocols", type=_names, default=list(PROTOCOLS), help=f"of {'; '.join(PROTOCOLS)}"
    )
    arguments = parser.parse_args()
    measures = {
        "rates": partial(rates.measure, arguments.rows, arguments.protocols),
        "sockets": partial(sockets.measure, arguments.rows),
    }
    groups.run(measures, arguments.only, {"rows": arguments.rows}, arguments.json)


def _names(text: str) -> list[str]:
    asked = [name.strip() for name in text.split(";")]
    for name in asked:
        if name not in PROTOCOLS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {'; '.join(PROTOCOLS)}")
    return asked


if __name__ == "__main__":
    main()
