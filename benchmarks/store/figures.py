"""Figures with their goals, as a table and as JSON."""

from dataclasses import dataclass
from enum import Enum


class Bound(Enum):
    """Which side of its limit a figure must be on."""

    AT_MOST = "≤"
    AT_LEAST = "≥"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must reach.

    Args:
        bound: on which side of the limit.
        limit: in the figure's unit; above 0.
    """

    bound: Bound
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Args:
        name: what it is of.
        unit: its unit.
        measured: the value; None when it could not be measured, which the note explains.
        goal: what it must reach, if anything.
        victoria_logs: the same of a VictoriaLogs in the same run.
        note: what one must know to read it.
    """

    name: str
    unit: str
    measured: float | None
    goal: Goal | None = None
    victoria_logs: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, or by how much it is missed."""
        if self.measured is None:
            return "not measured"
        if self.goal is None:
            return ""
        limit = self.goal.limit
        missing = self.measured - limit if self.goal.bound is Bound.AT_MOST else limit - self.measured
        if missing <= 0:
            return "ok"
        percent = 100 * missing / limit
        return f"short by {percent:.0f} %" if percent >= 10 else f"short by {percent:.1f} %"

    def as_json(self) -> dict[str, object]:
        """Return it as an object for JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "measured": self.measured,
            "goal": None if self.goal is None else f"{self.goal.bound.value} {self.goal.limit:g}",
            "verdict": self.verdict,
            "victoria_logs": self.victoria_logs,
            "note": self.note,
        }


def at_most(limit: float) -> Goal:
    """Return the goal of not passing a limit."""
    return Goal(Bound.AT_MOST, limit)


def at_least(limit: float) -> Goal:
    """Return the goal of reaching a limit."""
    return Goal(Bound.AT_LEAST, limit)


HEADING = f"{'figure':50} {'goal':>11} {'measured':>11} {'unit':7} {'VictoriaLogs':>12}  verdict"


def table_row(figure: Figure) -> str:
    """Return a figure as one line under `HEADING`."""
    goal = "" if figure.goal is None else f"{figure.goal.bound.value} {_number(figure.goal.limit)}"
    measured, other = _number(figure.measured), _number(figure.victoria_logs)
    cells = f"{figure.name:50} {goal:>11} {measured:>11} {figure.unit:7} {other:>12}  {figure.verdict}"
    return (cells.rstrip() + (f" ({figure.note})" if figure.note else "")).rstrip()


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percentile(values: list[float], percent: float) -> float:
    """Return the value that so many percent of the values do not pass (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]
