"""Pieces of a SQL condition with the values bound to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SqlFilter:
    """A boolean SQL expression; NULL counts as false.

    Args:
        sql: the expression, with a `?` for each parameter.
        parameters: the values in the order of their `?`.
    """

    sql: str
    parameters: tuple[object, ...] = ()


TRUE: Final = SqlFilter("TRUE")
FALSE: Final = SqlFilter("FALSE")


def all_of(filters: Iterable[SqlFilter]) -> SqlFilter:
    """Join conditions by AND; none at all is true."""
    return _joined(filters, "AND", neutral=TRUE, absorbing=FALSE)


def any_of(filters: Iterable[SqlFilter]) -> SqlFilter:
    """Join alternatives by OR; none at all is false."""
    return _joined(filters, "OR", neutral=FALSE, absorbing=TRUE)


def negation(condition: SqlFilter) -> SqlFilter:
    """Negate a condition so that what is neither true nor false passes."""
    if condition == TRUE:
        return FALSE
    if condition == FALSE:
        return TRUE
    return SqlFilter(f"({condition.sql}) IS NOT TRUE", condition.parameters)


def _joined(
    filters: Iterable[SqlFilter], operator: str, *, neutral: SqlFilter, absorbing: SqlFilter
) -> SqlFilter:
    kept = [condition for condition in filters if condition != neutral]
    if absorbing in kept:
        return absorbing
    if not kept:
        return neutral
    if len(kept) == 1:
        return kept[0]
    return SqlFilter(
        f" {operator} ".join(f"({condition.sql})" for condition in kept),
        tuple(parameter for condition in kept for parameter in condition.parameters),
    )
