"""Hypothesis strategies of JSON text in the ways in which senders write it, numbers above all."""

import json
from decimal import Decimal

from hypothesis import strategies as st

from tests.aggregator.json_values import keys

NUMBERS = (
    "0", "-0", "-0.0", "1.50", "1E5", "1e3", "1e400", "-1e400", "1e-400", "4.9e-324", "5e-324", "1e23",
    "0.1234567890123456789012345", "9007199254740993", "9007199254740993.0", "1795428000.1234567",
    "1795428000.123456789", "18446744073709551616", "100000000000000000000000.0", "0." + "0" * 330 + "1",
    "9" * 400, "9" * 400 + ".5", "123456789012345e-300", "0.30000000000000004",
    "12345678.00000000000000000000", "-1234567890123456.5e-310",
)  # fmt: skip
"""Numbers that floats, parsers of JSON, or a search for them may trip over."""

IN_STRINGS = (
    "0.1234567890123456789012345",
    ", 0.1234567890123456789, ",
    "1e-400",
    '"',
    "\\",
    "é",
    "a\n",
    "\ue000",
)

numbers = (
    st.sampled_from(NUMBERS)
    | st.integers(-(10**40), 10**40).map(str)
    | st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
)
"""Texts of numbers."""

_strings = st.builds(
    json.dumps, st.lists(st.sampled_from(IN_STRINGS), max_size=3).map("".join), ensure_ascii=st.booleans()
)
_spaces = st.sampled_from(["", "", " ", "\t "])


@st.composite
def _structures(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    space = draw(_spaces)
    if draw(st.booleans()):
        return "[" + f",{space}".join(draw(st.lists(inner, max_size=3))) + space + "]"
    return _object(draw(st.dictionaries(keys, inner, max_size=3)), space)


def _object(fields: dict[str, str], space: str) -> str:
    members = (f"{json.dumps(key)}:{space}{value}" for key, value in fields.items())
    return "{" + space + f"{space},".join(members) + "}"


values = st.recursive(
    st.sampled_from(["null", "true", "false"]) | numbers | numbers | _strings,
    _structures,
    max_leaves=6,
)
objects = st.builds(_object, st.dictionaries(keys, values, max_size=5), _spaces)
"""Texts of objects."""


def exactly(text: str | bytes) -> object:
    """What a JSON text says, with the exact value of every number, told from text, true and false."""
    return _marked(json.loads(text, parse_float=Decimal, parse_int=Decimal))


def _marked(value: object) -> object:
    match value:
        case bool():
            return ("boolean", value)
        case list():
            return [_marked(item) for item in value]
        case dict():
            return {key: _marked(item) for key, item in value.items()}
        case _:
            return value
