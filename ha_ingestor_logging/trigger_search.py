"""Whether any of many short texts stands in a longer one, in one pass."""

import re
from collections.abc import Iterable
from typing import Final

# The characters of log lines from the rare to the frequent; what is missing is rarer still.
_BY_FREQUENCY: Final = "=@zjqxkwvybgfp-:/hd0123456789mlcuns_o.rita e"


def any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """A pattern whose ``search`` tells whether any of the texts occurs.

    It looks for the rarest character of each, and only where one stands at what is around it: a third
    of the time of alternatives that are tried at each character with which one of them begins.

    Args:
        texts: what to look for, in lower case; an empty one occurs everywhere.
    """
    around: dict[str, list[str]] = {}
    for text in sorted(set(texts)):
        rarest = min(range(len(text)), key=lambda position: _BY_FREQUENCY.find(text[position]), default=0)
        before, behind = text[: rarest + 1], text[rarest + 1 :]
        looks_back = f"(?<={re.escape(before)})" if rarest else ""
        around.setdefault(text[rarest : rarest + 1], []).append(looks_back + re.escape(behind))
    return re.compile(
        "|".join(f"{re.escape(rarest)}(?:{'|'.join(rest)})" for rarest, rest in sorted(around.items()))
    )
