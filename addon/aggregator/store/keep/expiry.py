"""Which records of a segment are past, told by its counts of minutes, services and levels."""

from typing import Final

import numpy as np

from aggregator.store.keep.policy import Policy
from aggregator.store.keep.removal import Step, by_age
from aggregator.store.segments.counts import NS_PER_MINUTE, Counts
from aggregator.store.segments.segment import Segment

_DAY_NS: Final = 24 * 3600 * 10**9


class Expiry:
    """Chooses by a policy what goes by its age.

    A segment goes as a whole when all of its records are past. Records go out of a segment when all that one
    rule is about are past, or at least half of all: so each record is written again once a rule, and seldom
    more often.

    Args:
        policy: what is kept.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._look_again_ns: dict[str, int] = {}

    def step(self, segment: Segment, now_ns: int) -> Step | None:
        """Say what is to be done with a segment; None when nothing is due."""
        horizons = self.policy.horizons(now_ns)
        name = segment.span.name
        if segment.first_ns // NS_PER_MINUTE >= max(horizons) or now_ns < self._look_again_ns.get(name, 0):
            return None
        # Not those that the segment remembers: they are looked at once a day, and large.
        counts = Counts.decode(segment.index.facts.counts)
        of_rule = np.array([self.policy.rule_of(pair) for pair in counts.pairs])[counts.pair_numbers]
        past = counts.minutes < np.array(horizons)[of_rule]
        groups = []
        whole_rule = False
        due_ns = [now_ns + _DAY_NS]
        for number, rule in enumerate(self.policy.all_rules):
            about = of_rule == number
            gone = about & past
            if gone.any():
                minutes = counts.minutes[gone]
                groups.append(
                    (
                        number,
                        int(counts.rows[gone].sum()),
                        max(int(minutes[0]) * NS_PER_MINUTE, segment.first_ns),
                        min((int(minutes[-1]) + 1) * NS_PER_MINUTE - 1, segment.last_ns),
                    )
                )
                whole_rule = whole_rule or bool(past[about].all())
            elif about.any():
                last_minute = int(counts.minutes[about][-1])
                due_ns.append((last_minute + 1) * NS_PER_MINUTE + rule.days * _DAY_NS)
        removed = by_age(segment, self.policy, groups)
        rows = sum(item.rows for item in removed)
        if rows == segment.rows:
            return Step(segment, removed)
        if whole_rule or rows * 2 >= segment.rows:
            return Step(segment, removed, horizons)
        self._look_again_ns[name] = min(due_ns)
        return None

    def forget_others(self, segments: list[Segment]) -> None:
        """Remember nothing of segments that are gone."""
        names = {segment.span.name for segment in segments}
        self._look_again_ns = {name: ns for name, ns in self._look_again_ns.items() if name in names}
