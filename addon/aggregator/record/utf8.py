"""Whether bytes are UTF-8, found out quickly where few of them are beyond ASCII."""

from typing import Final

import numpy as np

_BEYOND_ASCII: Final = np.uint8(0x80)
_FEW: Final = 8
"""Where one of so many bytes at most is beyond ASCII, it is quicker to decode no others."""


def is_utf8(text: bytes) -> bool:
    """Tell whether bytes are valid UTF-8."""
    if text.isascii():
        return True
    data = np.frombuffer(text, np.uint8)
    places = np.flatnonzero(data & _BEYOND_ASCII)
    if len(places) * _FEW < len(data):
        # A zero between those that don't follow each other, so that none completes another.
        gaps = np.cumsum(np.diff(places, prepend=places[0]) > 1)
        spread = np.zeros(len(places) + gaps[-1], np.uint8)
        spread[np.arange(len(places)) + gaps] = data[places]
        text = spread.tobytes()
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
