"""A search over plain dictionaries, written for clearness only: what every store has to agree with.

A record maps record fields to text (times to integers), and every other field to its JSON text.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from aggregator.query.ast import (
    And,
    Comparison,
    Exists,
    Gap,
    Literally,
    MatchAll,
    Node,
    Not,
    Or,
    Range,
    Regex,
    Term,
    Test,
    Wildcard,
)
from aggregator.query.times import parse_time
from aggregator.record.fields import ALIASES, LEVEL_SPELLINGS, LEVELS, RECORD_FIELDS

Record = Mapping[str, str | int]


def matches(record: Record, node: Node, now_ns: int) -> bool:
    match node:
        case And(operands):
            return all(matches(record, operand, now_ns) for operand in operands)
        case Or(operands):
            return any(matches(record, operand, now_ns) for operand in operands)
        case Not(operand):
            return not matches(record, operand, now_ns)
        case Term(None, test):
            texts = [str(record[name]) for name in ("message", "exception") if name in record]
            return isinstance(test, Exists) or any(_running_text(text, test) for text in texts)
        case Term(field, test):
            return _field(record, str(field), test, now_ns)
        case MatchAll():
            return True


def _field(record: Record, field: str, test: Test, now_ns: int) -> bool:
    for canonical in RECORD_FIELDS:
        names = (canonical, *ALIASES[canonical])
        if (
            canonical in record
            and field in names
            and _record_field(canonical, record[canonical], test, now_ns)
        ):
            return True
    if field in RECORD_FIELDS:
        return False
    made_up = {
        name: json.loads(str(raw), parse_float=Decimal)
        for name, raw in record.items()
        if name not in RECORD_FIELDS
    }
    return (field in made_up and _json_value(made_up[field], test)) or any(
        _json_value(value, test) for value in _below(made_up, field)
    )


def _below(value: Any, name: str) -> Iterator[Any]:
    """All values that a dotted name can mean inside an object: some first key, then its dots as steps,
    of which the last ones may belong to the key."""
    parts = name.split(".")
    for position in range(1, len(parts)):
        head = ".".join(parts[:position])
        if head in value:
            for depth in range(position, len(parts)):
                found = value[head]
                for key in (*parts[position:depth], ".".join(parts[depth:])):
                    if isinstance(found, dict) and key in found:
                        found = found[key]
                    elif (
                        isinstance(found, list)
                        and re.fullmatch("0|[1-9][0-9]*", key)
                        and int(key) < len(found)
                    ):
                        found = found[int(key)]
                    else:
                        break
                else:
                    yield found


def _dumps(value: Any) -> str:
    """JSON as DuckDB writes it."""
    if isinstance(value, Decimal):
        return repr(float(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{_dumps(key)}:{_dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _record_field(name: str, value: str | int, test: Test, now_ns: int) -> bool:
    if isinstance(value, int):
        return _time(value, test, now_ns)
    if name == "level":
        return _level(value, test)
    if name in {"message", "exception"} and isinstance(test, Literally | Wildcard):
        return _running_text(value, test)
    return _whole_text(value, test)


def _time(value: int, test: Test, now_ns: int) -> bool:
    match test:
        case Literally(text):
            span = parse_time(text, now_ns)
            return span.start_ns <= value < span.end_ns
        case Comparison(operator, operand):
            span = parse_time(operand, now_ns)
            return {
                ">": value >= span.end_ns,
                ">=": value >= span.start_ns,
                "<": value < span.start_ns,
                "<=": value < span.end_ns,
            }[operator]
        case Range():
            return all(_time(value, bound, now_ns) for bound in _bounds(test))
        case _:
            return isinstance(test, Exists)


def _level(value: str, test: Test) -> bool:
    rank = LEVELS.index
    match test:
        case Literally(text):
            return LEVEL_SPELLINGS[text.upper()] == value
        case Comparison(operator, operand):
            return _compare(rank(value), operator, rank(LEVEL_SPELLINGS[operand.upper()]))
        case Range():
            return all(_level(value, bound) for bound in _bounds(test))
        case Regex(pattern):
            return re.search(pattern, value, re.IGNORECASE) is not None
        case Wildcard(pieces):
            lowered = tuple(piece if isinstance(piece, Gap) else piece.lower() for piece in pieces)
            return len(value.lower()) in _ends(value.lower(), 0, lowered, words=False)
        case Exists():
            return True


def _whole_text(value: str, test: Test) -> bool:
    match test:
        case Literally(text):
            return value == text
        case Comparison(operator, operand):
            if not _is_number(operand):
                return _compare(value, operator, operand)
            return _is_number(value) and _compare(Decimal(value), operator, Decimal(operand))
        case Range():
            return all(_whole_text(value, bound) for bound in _bounds(test))
        case Wildcard(pieces):
            return len(value) in _ends(value, 0, pieces, words=False)
        case Regex() | Exists():
            return isinstance(test, Exists) or re.search(test.pattern.replace("$", r"\Z"), value) is not None


def _json_value(value: Any, test: Test) -> bool:
    if isinstance(test, Exists):
        return value is not None
    if isinstance(value, list):
        return any(_json_scalar(element, test) for element in value)
    return _json_scalar(value, test)


def _json_scalar(value: Any, test: Test) -> bool:
    if isinstance(value, str):
        return _whole_text(value, test)
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    match test:
        case Literally(text):
            if isinstance(value, bool):
                return _dumps(value) == text
            return is_number and _is_number(text) and Decimal(value) == Decimal(text)
        case Comparison(operator, operand):
            return is_number and _is_number(operand) and _compare(Decimal(value), operator, Decimal(operand))
        case Range():
            return all(_json_scalar(value, bound) for bound in _bounds(test))
        case _:
            return value is not None and _whole_text(_dumps(value), test)


def _running_text(value: str, test: Test) -> bool:
    if not isinstance(test, Literally | Wildcard):
        return _whole_text(value, test)
    pieces = (test.text,) if isinstance(test, Literally) else test.pieces
    if pieces == ("",):
        return value == ""
    text = _lower(value)
    lowered = tuple(piece if isinstance(piece, Gap) else _lower(piece) for piece in pieces)
    return any(
        _is_boundary(text, start)
        and any(_is_boundary(text, end) for end in _ends(text, start, lowered, words=True))
        for start in range(len(text) + 1)
    )


def _is_boundary(text: str, position: int) -> bool:
    return not (0 < position < len(text) and _in_word(text[position - 1]) and _in_word(text[position]))


def _in_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LNM"


def _lower(text: str) -> str:
    return "".join(character.lower()[:1] for character in text)


def _ends(text: str, start: int, pieces: tuple[str | Gap, ...], *, words: bool) -> set[int]:
    """Where a wildcard that starts at a place can end; with `words`, gaps stay within words."""
    ends = {start}
    for piece in pieces:
        if isinstance(piece, str):
            ends = {end + len(piece) for end in ends if text.startswith(piece, end)}
            continue
        following = set[int]()
        for end in ends:
            reach = end
            while reach < len(text) and (not words or _in_word(text[reach])):
                reach += 1
            following.update(
                range(end, reach + 1) if piece is Gap.ANY else range(end + 1, min(end + 1, reach) + 1)
            )
        ends = following
    return ends


def _bounds(test: Range) -> list[Comparison]:
    low = [] if test.low is None else [Comparison(">=" if test.low_included else ">", test.low)]
    high = [] if test.high is None else [Comparison("<=" if test.high_included else "<", test.high)]
    return low + high


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) is not None


def _compare(left: Any, operator: str, right: Any) -> bool:
    return bool({">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[operator])
