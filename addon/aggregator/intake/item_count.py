"""Keeps bodies of very many tiny items from taking much more memory than they have bytes."""

from aggregator import limits
from aggregator.errors import TooLargeError


def check(body: bytes, *signs: bytes) -> None:
    """Look how often a body has what its items begin or end with.

    Args:
        body: a decompressed body, before it is taken apart.
        signs: the bytes to look for.

    Raises:
        TooLargeError: one of them comes more often than items may.
    """
    for sign in signs:
        if body.count(sign) > limits.BODY_ITEMS:
            raise TooLargeError(
                f"the body has more than {limits.BODY_ITEMS} items, or parts of them",
                limit_items=limits.BODY_ITEMS,
            )
