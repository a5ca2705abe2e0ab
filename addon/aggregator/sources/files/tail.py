"""Files that are named by their owner, such as `nginx=/var/log/nginx/*.log`."""

import glob
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from aggregator.config import TailedFiles
from aggregator.record.text.local_times import MachineZone
from aggregator.sources.files.follow import Follower, Found
from aggregator.sources.files.lines import FileLines, PlainLines
from aggregator.sources.source import Outlet

NAME: Final = "file"


class FileTail:
    """Files that are followed.

    Args:
        tailed: their names.
    """

    name = NAME

    def __init__(self, tailed: Sequence[TailedFiles]) -> None:
        self._tailed = tailed
        self._host = socket.gethostname()

    def read(self, outlet: Outlet) -> None:
        """Follow the files."""
        patterns = ", ".join(one.pattern for one in self._tailed)
        Follower(outlet, self._find, f"no file is named {patterns}").run()

    def _find(self) -> Found:
        for one in self._tailed:
            for name in sorted(glob.iglob(one.pattern, recursive=True)):  # noqa: PTH207 - of absolute patterns
                path = Path(name)
                yield path, self._lines(path, one.service)

    def _lines(self, path: Path, service: str | None) -> Callable[[], FileLines]:
        # By its last name the service of a line that tells its own is that one.
        stem = path.name.split(".")[0] or path.name
        named = {"application": stem} if service is None else {"service": service}
        fields = {**named, "file": str(path), "host": self._host}
        encoded = msgspec.json.encode({name: _printable(value) for name, value in fields.items()})[1:-1]
        return partial(PlainLines, encoded, fields.keys(), MachineZone())


def _printable(text: str) -> str:
    """Replace what stands for bytes of a name that are no UTF-8."""
    return text.encode(errors="replace").decode()
