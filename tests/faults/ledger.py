"""What was sent to an aggregator, what it said about it, and whether its store agrees."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from tests.aggregator.running_aggregator import Aggregator
from tests.faults.stored_lines import messages_after

_FULL = 507


@dataclass
class Ledger:
    """Lines by their messages, which are all different.

    Args:
        sent: all that may be in the store.
        acknowledged: what must be there.
        refused: what can't be there.
        repeatable: what was sent with a uid, so that it may be sent again.
    """

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    repeatable: set[str] = field(default_factory=set)

    def copy(self) -> "Ledger":
        """A ledger with the same entries."""
        return replace(
            self,
            sent=set(self.sent),
            acknowledged=set(self.acknowledged),
            refused=set(self.refused),
            repeatable=set(self.repeatable),
        )

    def send(self, aggregator: Aggregator, name: str, lines: int, *, uid: bool = True, **fields: Any) -> None:
        """Send a batch and note the answer.

        Args:
            aggregator: whom to send it to.
            name: begins the messages.
            lines: how many.
            uid: whether they have one.
            fields: further fields of each line.
        """
        messages = [f"{name}-{number}" for number in range(lines)]
        self.sent.update(messages)
        if uid:
            self.repeatable.update(messages)
        answer = aggregator.send(*(fields | _line(message, uid=uid) for message in messages))
        if answer.status == 200:
            self.acknowledged.update(messages)
        elif answer.status == _FULL:
            self.refused.update(messages)
        else:
            assert answer.status == 503, answer.body

    def lose(self, *names: str) -> None:
        """Note that batches were destroyed or may be removed: they need not be there."""
        lost = {message for message in self.sent if message.startswith(names)}
        self.acknowledged -= lost
        self.repeatable -= lost

    def check(self, aggregator: Aggregator) -> None:
        """Send again what nobody answered for, as far as it has uids, and compare with the store."""
        again = sorted(self.repeatable - self.acknowledged - self.refused)
        batch = [*(_line(message, uid=True) for message in again), {"message": "checked"}]
        assert aggregator.send(*batch).status == 200
        self.acknowledged.update(again, ["checked"])
        self.sent.add("checked")
        listed = messages_after(aggregator, "checked")
        found = set(listed)
        assert [message for message, times in Counter(listed).items() if times > 1] == []
        assert self.acknowledged - found == set()
        assert found <= self.sent - self.refused


def _line(message: str, *, uid: bool) -> dict[str, Any]:
    return {"message": message, "uid": message} if uid else {"message": message}
