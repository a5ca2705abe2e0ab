"""The patterns that messages of syslog are taken apart by, a whole batch at once.

https://www.rfc-editor.org/rfc/rfc5424#section-6 and https://www.rfc-editor.org/rfc/rfc3164#section-4
"""

import re
from typing import Final

from aggregator.record.fields import LEVEL_SPELLINGS

_PRIORITY: Final = rb"<(?P<priority>1[0-8]\d|19[01]|\d{1,2})>"

_TOKEN: Final = rb"[^\s\xfe]++"
"""0xFE stands for a newline inside a message, and is in no UTF-8."""

_ABSOLUTE: Final = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9}+)?+(?:Z|[+-]\d\d:?+\d\d)(?=[ :])"

_STRUCTURED_DATA: Final = rb'-|(?:\[[^\s=\]"\xfe]++(?: ++[^\s=\]"\xfe]++="(?:[^"\\\n]|\\[^\n])*+")*+ *+\])++'

_RFC_5424: Final = (
    rb"1 (?:(?P<time>" + _ABSOLUTE + rb")|(?P<local>" + _TOKEN + rb")) "
    rb"(?P<head>" + rb" ".join([_TOKEN] * 4) + rb")(?: |$)"
    rb"(?:(?P<data>" + _STRUCTURED_DATA + rb")(?: |$))?+(?:\xef\xbb\xbf)?+(?: (?=\S))?+(?P<message>.*+)"
)  # fmt: skip
"""One space may stand before the message: rsyslog's template puts one there that belonged to the tag."""

_STAMP: Final = (
    rb"[*.]?+(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?+\d (?:\d{4} )?+"
    rb"\d\d:\d\d:\d\d(?:\.\d{1,9}+)?+(?: \d{4})?+(?=[ :])"
)
_ZONELESS: Final = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9}+)?+(?=[ :])"

_TAG: Final = rb"[^\s:\[\]\xfe]{1,128}+(?:\[[^\s\[\]\xfe]{0,128}+\]:?+|:) ?+"
_HEAD: Final = rb"(?:[^\s\[\]\xfe]++(?<!:) )?+(?:" + _TAG + rb")?+"

_LEVEL: Final = b"(?i:" + "|".join(filter(str.isalpha, LEVEL_SPELLINGS)).encode() + b")"
_BARE_TAG: Final = (
    rb"(?!" + _LEVEL + rb"[:\[])[A-Za-z_][\w./-]{0,63}+(?:\[\d{1,10}+\]:?+ |: )"
)  # fmt: skip
"""A tag with no time before it, unless it names a level: then it is the message's."""

_RFC_3164: Final = (
    rb"(?:(?:(?P<old_time>" + _ABSOLUTE + rb")|(?P<old_local>" + _STAMP + rb"|" + _ZONELESS + rb")):?+ "
    rb"(?P<old_head>" + _HEAD + rb")|(?P<bare_head>(?:" + _BARE_TAG + rb")?+))"
    rb"(?:\xef\xbb\xbf)?+(?P<old_message>.*+)"
)  # fmt: skip

MESSAGE: Final = re.compile(
    rb"^(?:" + _PRIORITY + rb"(?:" + _RFC_5424 + rb"|" + _RFC_3164 + rb")|(?P<text>.*+))$", re.MULTILINE
)
"""Any line; one that isn't syslog is `text`."""

HEAD: Final = re.compile(
    rb"(?:(?P<host>[^\s\[\]\xfe]++)(?<!:) )?+"
    rb"(?:(?P<tag>[^\s:\[\]\xfe]++)(?:\[(?P<process>[^\s\[\]\xfe]*+)\]:?+|:) ?+)?+"
)
"""What stands before a message by RFC 3164."""
