"""What an output is."""

from abc import ABC, abstractmethod
from typing import Protocol, TypeAlias

from ha_ingestor_logging.flush import FlushMarker

# A level and one JSON object in UTF-8 with its newline.
Line: TypeAlias = tuple[int, bytes]

# Why, the level, and how many.
DropCounts: TypeAlias = dict[tuple[str, int], int]


class Report(Protocol):
    """Logs a line of the library's own."""

    def __call__(self, level: int, message: str, /, **fields: object) -> None:
        """Log ``message`` with ``fields``."""


class Output(Protocol):
    """A place where rendered lines go; ``write`` and ``flush`` are called by the writer's thread only."""

    def write(self, lines: list[Line]) -> None:
        """Take lines, oldest first."""

    def flush(self, marker: FlushMarker) -> None:
        """Call ``marker.passed`` once all lines taken before have arrived or waiting is of no use."""

    def close(self) -> None:
        """Give up what has not arrived and count it as dropped."""

    def after_fork(self) -> None:
        """Forget, in a forked child, the lines and connections that are the parent's."""

    @property
    def dropped(self) -> DropCounts:
        """The lines that never arrived."""

    @property
    def failure(self) -> str | None:
        """Why lines that were taken have not arrived yet, as far as that is known."""

    @property
    def has_room(self) -> bool:
        """Whether lines that are taken now will not soon be dropped."""


class ImmediateOutput(ABC):
    """An output that is done with lines when ``write`` returns: nothing waits, and nothing is held."""

    @abstractmethod
    def write(self, lines: list[Line]) -> None:
        """Take lines, oldest first."""

    def flush(self, marker: FlushMarker) -> None:
        """Everything is done when ``write`` returns."""
        marker.passed()

    def close(self) -> None:  # noqa: B027 - not every one has something to close
        """Nothing is held open."""

    def after_fork(self) -> None:  # noqa: B027 - likewise
        """Nothing is held here."""

    @property
    def dropped(self) -> DropCounts:
        """Nothing is dropped."""
        return {}

    @property
    def failure(self) -> str | None:
        """None: nothing waits here."""
        return None

    @property
    def has_room(self) -> bool:
        """Always: a slow reader makes the queue before this output wait."""
        return True
