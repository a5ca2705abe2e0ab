"""Names of fields that mean something else to senders who know nothing of our record."""

from typing import Final

from aggregator.record.normalise import SENT

UID: Final = "uid"
"""What it means is ours only: elsewhere it is a user's number, or a container's ID."""

SENT_UID: Final = SENT + UID
"""What such a sender's field becomes."""


def own_name(name: str) -> str:
    """Return the name that a field of such a sender has in our record."""
    return SENT_UID if name == UID else name
