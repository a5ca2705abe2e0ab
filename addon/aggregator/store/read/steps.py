"""Round lengths of time to count by."""

from typing import Final

_NS_PER_S: Final = 10**9
_DAY_S: Final = 86_400
_ROUND_S: Final = (
    1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1800,
    3600, 7200, 10_800, 21_600, 43_200, _DAY_S,
)  # fmt: skip


def round_step_ns(span_ns: int, buckets: int) -> int:
    """Choose a round step, from a second on, that makes no more buckets of a span than are wanted.

    Args:
        span_ns: length of the whole, ns.
        buckets: how many are wanted; one more may be touched where the span starts within one.
    """
    for step_s in _ROUND_S:
        if span_ns <= step_s * _NS_PER_S * buckets:
            return step_s * _NS_PER_S
    return -(-span_ns // (buckets * _DAY_S * _NS_PER_S)) * _DAY_S * _NS_PER_S
