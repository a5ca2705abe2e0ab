"""Commands besides running the aggregator: for its owner, at a terminal."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from aggregator.data_lock import locked
from aggregator.errors import AggregatorError
from aggregator.store.files import FORMAT_FILE
from aggregator.store.keep.restore import restore
from aggregator.store.segments.verify import Checked, State, count, verify

type Command = Callable[[Sequence[str]], int]


def run(arguments: Sequence[str]) -> int | None:
    """Run the command that the arguments begin with.

    Returns:
        The status to exit with; None when they begin with no command.
    """
    command = _COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        return None
    try:
        return command(arguments[1:])
    except (OSError, AggregatorError) as error:
        sys.stderr.write(f"aggregator: {error}\n")
        return 2


def _verify(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="aggregator verify",
        description="Checks every file of a store, and changes nothing. Stop the aggregator before. "
        "Exits with 1 when something is damaged, with 2 when there is no store or one of a newer version.",
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="data folder, or a snapshot")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parsed = parser.parse_args(arguments)
    folder = _store_folder(parsed.data)
    with locked(parsed.data, shared=True):
        found = verify(folder, _progress if sys.stderr.isatty() else _no_progress)
    counted = count(found)
    if parsed.json:
        answer = {
            "folder": str(folder),
            "counts": {state.value: number for state, number in counted.items()},
            "files": [_to_json(folder, checked) for checked in found],
        }
        sys.stdout.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(_table(folder, found))
        sys.stdout.write(", ".join(f"{number} {state}" for state, number in counted.items()) + "\n")
    return 1 if counted[State.DAMAGED] else 0


def _restore(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="aggregator restore",
        description="Makes a store of a snapshot. Stop the aggregator before. A store with lines that is "
        "there is put aside beside it, and only if --replace is given.",
    )
    parser.add_argument("snapshot", type=Path, help="the snapshot's folder")
    parser.add_argument("--data", type=Path, default=Path("data"), help="data folder")
    parser.add_argument("--replace", action="store_true", help="put the present store aside")
    parser.add_argument("--accept-damage", action="store_true", help="restore what of it is not damaged")
    parsed = parser.parse_args(arguments)
    found = verify(parsed.snapshot, _progress if sys.stderr.isatty() else _no_progress)
    damaged = [checked for checked in found if checked.state is State.DAMAGED]
    if damaged:
        sys.stdout.write(_table(parsed.snapshot, damaged))
        if not parsed.accept_damage:
            sys.stderr.write("aggregator: the snapshot is damaged; --accept-damage restores the rest of it\n")
            return 1
    with locked(parsed.data):
        restored = restore(parsed.snapshot, parsed.data, replace=parsed.replace)
    sys.stdout.write(f"{restored.folder} is restored, up to line {restored.last_seq}\n")
    if restored.has_settings:
        sys.stdout.write("the settings of that time are restored too\n")
    if restored.aside is not None:
        sys.stdout.write(f"what was there is in {restored.aside}\n")
    return 0


def _store_folder(data: Path) -> Path:
    """The store of a data folder; a snapshot is a store itself."""
    return data if (data / FORMAT_FILE).exists() else data / "store"


def _to_json(folder: Path, checked: Checked) -> dict[str, object]:
    return {
        "file": str(checked.path.relative_to(folder)),
        "state": checked.state.value,
        "rows": checked.rows,
        "size_bytes": checked.size_bytes,
        "findings": checked.findings,
    }


def _table(folder: Path, found: Sequence[Checked]) -> str:
    """All files in columns, those with findings last, where they are seen."""
    ordered = sorted(found, key=lambda checked: list(State).index(checked.state))
    cells = [
        ("file", "bytes", "records", "state"),
        *(
            (
                str(checked.path.relative_to(folder)),
                f"{checked.size_bytes:,}",
                f"{checked.rows:,}",
                "; ".join([checked.state.value, *checked.findings]),
            )
            for checked in ordered
        ),
    ]
    names, sizes, records = (max(len(row[column]) for row in cells) for column in range(3))
    return "".join(
        f"{name:{names}}  {size_bytes:>{sizes}}  {rows:>{records}}  {state}\n"
        for name, size_bytes, rows, state in cells
    )


def _progress(done: int, files: int) -> None:
    end = "\n" if done == files else ""
    sys.stderr.write(f"\rchecked {done:,} of {files:,} files{end}")
    sys.stderr.flush()


def _no_progress(_done: int, _files: int) -> None:
    """Say nothing: nobody looks."""


_COMMANDS: Final[Mapping[str, Command]] = {"verify": _verify, "restore": _restore}
