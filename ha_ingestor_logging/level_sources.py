"""Who says which levels are logged: the program, and above it the aggregator."""

from collections.abc import Callable, Mapping

from ha_ingestor_logging.level_rules import LevelRules


class LevelSources:
    """Keeps what each of them says, so that the program's own levels are back when the aggregator's end.

    Takes no lock, so a signal handler may call it.

    Args:
        apply: told the rules that hold, whenever they change.
    """

    def __init__(self, apply: Callable[[LevelRules], None]) -> None:
        self._apply = apply
        self._remote: Mapping[str, int] = {}
        self.own = LevelRules()

    def begin(self, own: LevelRules) -> None:
        """Begin with the program's own levels; the aggregator has said nothing yet."""
        self._remote = {}
        self.set_own(own)

    def set_own(self, rules: LevelRules) -> None:
        """Follow the program, where the aggregator says nothing else."""
        self.own = rules
        self._apply_both()

    def set_remote(self, levels: Mapping[str, int]) -> None:
        """Follow the aggregator: levels by logger, ``*`` for all others."""
        self._remote = levels
        self._apply_both()

    def _apply_both(self) -> None:
        while True:
            own, remote = self.own, self._remote
            self._apply(own.overridden(remote))
            # Another thread, or a signal, may have changed one of them meanwhile.
            if own is self.own and remote is self._remote:
                return
