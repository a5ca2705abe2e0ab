"""What a bulk request asks for, item by item."""

from dataclasses import dataclass
from functools import cached_property

import orjson


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one item was not taken.

    Args:
        type: what Elasticsearch calls the error.
        message: what is wrong.
        reason: as it is counted.
    """

    type: str
    message: str
    reason: str


@dataclass(frozen=True)
class Action:
    """What is to be done with a document.

    Args:
        operation: `create`, `index`, `update` or `delete`.
        index: the index that it is for, if one is named.
        id: the document's ID, if its sender gave it one.
    """

    operation: str
    index: str | None
    id: str | None

    @property
    def has_document(self) -> bool:
        """Whether a document follows."""
        return self.operation != "delete"

    @cached_property
    def fields(self) -> bytes:
        """The fields that its document gets, as members of a JSON object."""
        fields: dict[str, str] = {}
        if self.index is not None:
            fields["_index"] = self.index
        if self.id is not None:
            # Within its index only an ID is unique.
            fields["uid"] = self.id if self.index is None else f"{self.index}/{self.id}"
        return orjson.dumps(fields)[1:-1]
