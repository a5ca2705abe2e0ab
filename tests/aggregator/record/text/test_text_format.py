"""What a format says of itself is true of its pattern."""

import re
from re import _constants, _parser  # nothing public tells what a pattern requires
from typing import Any

import pytest

from aggregator.record.text.text_format import TextFormat
from aggregator.record.text.understand import FORMATS

_MAY_FAIL = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}


def required_groups(parsed: Any) -> set[int]:
    """The groups of which each match of a pattern has some text."""
    found: set[int] = set()
    for kind, argument in parsed:
        if kind is _constants.SUBPATTERN:
            group, _, _, inside = argument
            found |= required_groups(inside)
            if group is not None and inside.getwidth()[0]:
                found.add(group)
        elif kind is _constants.BRANCH:
            found |= set.intersection(*map(required_groups, argument[1]))
        elif kind is _constants.ATOMIC_GROUP:
            found |= required_groups(argument)
        elif kind in _MAY_FAIL and argument[0]:
            found |= required_groups(argument[2])
    return found


@pytest.mark.parametrize("text_format", FORMATS, ids=lambda text_format: text_format.pattern.pattern[-60:])
def test_fields_that_a_line_may_lack_are_left_out(text_format: TextFormat) -> None:
    required = required_groups(_parser.parse(text_format.pattern.pattern))
    names = {name for name, group in text_format.pattern.groupindex.items() if group in required}
    left_out = {written for written, right in text_format.replaced if not right}
    for field, mark, value in re.findall(rb'"(\w+)":("?)(.*?)\2[,}]', text_format.template):
        filled = {group.decode() for group in re.findall(rb"\\g<(\w+)>", value)} & names
        literal = re.sub(rb"\\g<\w+>", b"", value)
        if not filled and not literal and field not in {b"message", b"thread"}:
            assert b'"%b":%b%b,' % (field, mark, mark) in left_out, field
