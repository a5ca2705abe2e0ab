"""Which of the six levels a test of the level lets through."""

import re
from typing import Final

from aggregator.query.ast import Comparison, Exists, Gap, Literally, Operator, Range, Wildcard
from aggregator.query.errors import QueryValueError
from aggregator.record.fields import LEVEL_SPELLINGS, LEVELS

type LevelTest = Literally | Wildcard | Comparison | Range | Exists

_GAPS: Final = {Gap.ANY: ".*", Gap.ONE: "."}


def matching_levels(test: LevelTest) -> frozenset[str]:
    """Name the levels that pass a test; regular expressions are left to the store.

    Args:
        test: of the level, in any spelling that senders use.

    Raises:
        QueryValueError: if the test names something that is no level.
    """
    match test:
        case Literally(text):
            return frozenset({LEVELS[_rank(text)]})
        case Comparison(operator, operand):
            return _between(operator, operand)
        case Range(low, high, low_included, high_included):
            above = frozenset(LEVELS) if low is None else _between(">=" if low_included else ">", low)
            below = frozenset(LEVELS) if high is None else _between("<=" if high_included else "<", high)
            return above & below
        case Wildcard(pieces):
            pattern = "".join(
                _GAPS[piece] if isinstance(piece, Gap) else re.escape(piece) for piece in pieces
            )
            return frozenset(level for level in LEVELS if re.fullmatch(pattern, level, re.IGNORECASE))
        case Exists():
            return frozenset(LEVELS)


def _rank(spelling: str) -> int:
    try:
        return LEVELS.index(LEVEL_SPELLINGS[spelling.upper()])
    except KeyError:
        raise QueryValueError(f"'{spelling}' is not a level", LEVELS) from None


def _between(operator: Operator, operand: str) -> frozenset[str]:
    rank = _rank(operand)
    match operator:
        case ">":
            return frozenset(LEVELS[rank + 1 :])
        case ">=":
            return frozenset(LEVELS[rank:])
        case "<":
            return frozenset(LEVELS[:rank])
        case "<=":
            return frozenset(LEVELS[: rank + 1])
