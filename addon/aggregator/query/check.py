"""What can be wrong with a term before any store sees it."""

from aggregator.query.ast import Regex, Term
from aggregator.query.levels import matching_levels
from aggregator.query.regex import check_pattern
from aggregator.query.times import time_interval
from aggregator.record.fields import TIME_FIELDS


def check(term: Term) -> None:
    """Raise QueryValueError if a term asks its field for what it can't have."""
    if isinstance(term.test, Regex):
        check_pattern(term.test.pattern)
    if term.field in TIME_FIELDS:
        time_interval(term.test, now_ns=0)
    elif term.field == "level" and not isinstance(term.test, Regex):
        matching_levels(term.test)
