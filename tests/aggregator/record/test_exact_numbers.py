"""Numbers that a float can't hold pass through the engine as they were sent."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.record import exact_numbers
from tests.aggregator.json_text import exactly, numbers, objects

lines_of_objects = st.lists(
    st.tuples(st.integers(0, 9), objects).map(lambda drawn: " " * drawn[0] + drawn[1]), min_size=1, max_size=5
)


def body(lines: list[str]) -> bytes:
    return "".join(line + "\n" for line in lines).encode()


def restored(protected: bytes) -> bytes:
    return re.sub(rf'"{exact_numbers._MARK}([^"]*)"'.encode(), rb"\1", protected)


def is_rounded(number: str) -> bool:
    """Whether the engine's float of a number has another value; integers and infinity it keeps."""
    is_integer = re.fullmatch("-?[0-9]+", number) is not None
    as_float = float(number)
    return not is_integer and abs(as_float) != float("inf") and Decimal(number) != Decimal(repr(as_float))


def floats_in(value: object) -> list[str]:
    """The texts of all numbers of a JSON text that are no integers."""
    found: list[str] = []
    json.loads(str(value), parse_float=found.append)
    return found


@settings(max_examples=400, deadline=None)
@given(lines_of_objects)
@example(['{"a":0.1234567890123456789012345}'])
def test_only_numbers_that_would_be_rounded_are_protected(lines: list[str]) -> None:
    sent = body(lines)
    protected = exact_numbers.protect(sent)
    assert restored(protected) == sent
    rounded = [number for line in lines for number in floats_in(line) if is_rounded(number)]
    assert protected.count(exact_numbers._MARK.encode()) == len(rounded)
    assert (protected is sent) == (not rounded)
    for line, kept in zip(lines, protected.decode().splitlines(), strict=True):
        if kept != line:
            assert not any(map(is_rounded, floats_in(kept)))


@settings(max_examples=300, deadline=None)
@given(
    numbers,
    st.integers(0, 40),
    st.sampled_from(['{{"{}":{}}}', '{{"{}": [1,{} ,2]}}', '{{"a":"{}" , "b":-1,"c":{}}}']),
)
def test_a_number_is_seen_wherever_it_stands(number: str, before: int, shape: str) -> None:
    sent = body([shape.format("k" * before, number)] * 3)
    assert (exact_numbers.protect(sent) is not sent) == is_rounded(number)


@pytest.mark.parametrize("count", [1, 7, 100_000])
def test_a_number_is_found_among_many_lines(count: int) -> None:
    plain = (
        '{"timestamp":"2026-11-23T10:00:00.123456Z","address":"192.168.100.200","created":1795428000.1234567}'
    )
    exact = '{"a":0.12345678901234567890}'
    sent = body([*[plain] * count, exact, *[plain] * count])
    protected = exact_numbers.protect(sent)
    assert protected.count(exact_numbers._MARK.encode()) == 1
    assert restored(protected) == sent


def test_text_that_reads_like_a_number_stays() -> None:
    sent = body(
        [json.dumps({"message": f'took 0.1234567890123456789012345 s, "v": {"1" * 30}.5, 1e-400 \\'})]
    )
    assert exact_numbers.protect(sent) is sent


def test_a_long_row_of_digits_and_dots_is_no_trouble() -> None:
    sent = body(['{"a":"' + "1." * 300_000 + '"}', '{"b":' + "1" * 300_000 + ".5}"])
    assert restored(exact_numbers.protect(sent)) == sent
    assert exactly(sent.splitlines()[1]) == {"b": Decimal("1" * 300_000 + ".5")}
