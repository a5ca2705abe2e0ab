"""What a run is asked for, and the corpus that its groups share."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.corpus import bodies


@dataclass(slots=True)
class Options:
    """A run.

    Args:
        rows: rows of the corpus.
        scale: how many times the rows the large store has.
        rows_a_day: rows of each of the month's days.
        settle_s: how long nothing may happen before the store counts as quiet.
        victoria_logs: URL of a VictoriaLogs to measure beside, if any.
    """

    rows: int
    scale: int
    rows_a_day: int
    settle_s: float
    victoria_logs: str | None
    _bodies: list[bytes] = field(default_factory=list)

    def corpus(self) -> list[bytes]:
        """Return the corpus in bodies of 5,000 lines, made when first asked for.

        It lies in yesterday, so that neither retention nor the bound on future timestamps touches it.
        """
        if not self._bodies:
            today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            self._bodies = list(bodies(self.rows, start=today - timedelta(days=1)))
        return self._bodies
