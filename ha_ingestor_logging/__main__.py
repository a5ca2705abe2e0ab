"""``python -m ha_ingestor_logging``: check log files against the record's schema."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from ha_ingestor_logging.record_schema import SCHEMA_BYTES, problems_of_line

_VALID: Final = 0
_FAULTY: Final = 1
_UNREADABLE: Final = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status: 0 for valid, 1 for faulty lines, 2 for what can't be read.

    Args:
        arguments: as on the command line; by default those of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m ha_ingestor_logging", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    validate = commands.add_parser(
        "validate", help="check each line of a file; exits with 1 if one is faulty"
    )
    validate.add_argument("file", help="a file of JSON lines, - for standard input")
    commands.add_parser("schema", help="print the JSON Schema of a record")
    parsed = parser.parse_args(arguments)
    if parsed.command == "schema":
        sys.stdout.write(SCHEMA_BYTES.decode())
        return _VALID
    name: str = parsed.file
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as lines:
            return _validate(name, lines)
    except OSError as error:
        sys.stderr.write(f"{name}: {error.strerror}\n")
        return _UNREADABLE


def _validate(name: str, lines: Iterable[bytes]) -> int:
    checked = faulty = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        checked += 1
        problems = problems_of_line(line)
        faulty += bool(problems)
        for problem in problems:
            sys.stdout.write(f"{name}:{number}: {problem}\n")
    sys.stderr.write(f"{checked} lines, {faulty} faulty\n")
    return _FAULTY if faulty else _VALID


if __name__ == "__main__":
    sys.exit(main())
