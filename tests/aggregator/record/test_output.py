"""What leaves the aggregator can be read by any parser."""

import duckdb
import orjson
import pytest

from aggregator import limits
from aggregator.record import normalise
from aggregator.record.output import records

NULLS = ", ".join(
    f"NULL::{kind} AS {name}"
    for name, kind in normalise.column_types().items()
    if name not in {normalise.SEQ, "timestamp", "observed", normalise.REST}
)


def shown(value: str, *, in_rest: bool) -> object:
    """Return a field's value as a client decodes it, by itself or in the text of all in `_rest`."""
    column, rest = ("NULL::JSON", "?::JSON") if in_rest else ("?::JSON", "NULL::JSON")
    sent = f'{{"a":{value}}}' if in_rest else value
    with duckdb.connect() as connection:
        result = connection.execute(
            f"SELECT 1::UBIGINT AS {normalise.SEQ}, 0::BIGINT AS timestamp, 0::BIGINT AS observed, {NULLS}, "
            f"{column} AS a, {rest} AS {normalise.REST}",
            [sent],
        )
        (record,) = records(result, {} if in_rest else {"a": "a"})
    fields = orjson.loads(orjson.dumps(dict(record.fields)))
    if normalise.REST in fields:
        assert fields[normalise.REST] == sent
        return value
    return fields["a"]


@pytest.mark.parametrize("in_rest", [False, True])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"[{\\"[":', "}")])
@pytest.mark.parametrize(
    "depth", [1, limits.VALUE_DEPTH - 1, limits.VALUE_DEPTH, limits.VALUE_DEPTH + 1, 20_000]
)
def test_a_value_nested_too_deeply_is_its_own_text(
    opening: str, closing: str, depth: int, *, in_rest: bool
) -> None:
    value = opening * depth + "1" + closing * depth
    expected = orjson.loads(value) if depth <= limits.VALUE_DEPTH else value
    assert shown(value, in_rest=in_rest) == expected


def test_a_wide_value_stays_as_it_was_sent() -> None:
    value = "[" + ",".join(["[]", '{"a":"]"}'] * 1000) + "]"
    assert shown(value, in_rest=False) == orjson.loads(value)
