"""What a bulk request asks for, item by item."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import orjson

WITHOUT_DOCUMENT: Final = "delete"
"""The operation that no document follows."""


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
    """What is to be done with documents.

    Args:
        operation: `create`, `index`, `update` or `delete`.
        index: the index that they are for, if one is named.
    """

    operation: str
    index: str | None

    @cached_property
    def fields(self) -> bytes:
        """The fields that its documents get, as members of a JSON object."""
        return b"" if self.index is None else b'"_index":' + orjson.dumps(self.index)

    @cached_property
    def before_uid(self) -> bytes:
        """The same, and the beginning of the `uid`, behind which the document's ID goes."""
        if self.index is None:
            return b'"uid":"'
        # Within its index only an ID is unique.
        return self.fields + b',"uid":' + orjson.dumps(f"{self.index}/")[:-1]


@dataclass(frozen=True, slots=True)
class Asked:
    """The items of a request, in columns.

    Args:
        actions: what is to be done, item by item.
        ids: the ID that a sender gave each document, as a JSON string; empty without one.
        texts: the document of each; empty where there is none.
    """

    actions: list[Action]
    ids: list[bytes]
    texts: list[bytes]
