"""Bulk bodies."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import AggregatorError, InvalidBodyError, TooLargeError
from aggregator.intake.elasticsearch.bulk import Bulk, decode
from tests.aggregator.json_values import json_objects

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
targets = st.fixed_dictionaries({}, optional={"_index": names, "_id": st.one_of(names, st.integers(1, 99))})
operations = st.sampled_from(["create", "index", "update", "delete"])
items = st.tuples(operations, targets, st.one_of(json_objects, st.just({}), st.integers(), st.text()))


def body_of(*lines: object) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )


def lines_of(bulk: Bulk) -> list[dict[str, Any]]:
    return [json.loads(line) for line in bulk.lines.split(b"\n")[:-1]]


def results_of(bulk: Bulk) -> list[dict[str, dict[str, Any]]]:
    results: list[dict[str, dict[str, Any]]] = json.loads(b"[" + bulk.results + b"]")
    return results


@given(st.lists(items, max_size=6), st.one_of(st.none(), names), st.booleans())
def test_each_item_has_its_result_and_each_good_document_is_a_row(
    sent: list[tuple[str, dict[str, Any], object]], index: str | None, brief: bool
) -> None:
    lines: list[object] = []
    good: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for operation, target, document in sent:
        lines.append({operation: target})
        if operation != "delete":
            lines.append(document)
        if operation in {"create", "index"} and isinstance(document, dict):
            good.append((target, document))
    bulk = decode(body_of(*lines), index, brief=brief)

    assert bulk.rows == len(good) == len(lines_of(bulk))
    assert len(bulk.errors) == len(sent) - len(good)
    results = results_of(bulk)
    assert [list(result) for result in results] == [[operation] for operation, _, _ in sent]
    statuses = [result[operation]["status"] for (operation, _, _), result in zip(sent, results, strict=True)]
    assert statuses.count(201) == len(good)
    assert set(statuses) <= {201, 400}
    for line, (target, _) in zip(lines_of(bulk), good, strict=True):
        wanted = target.get("_index", index)
        assert line.get("_index") == wanted
        if "_id" in target:
            assert line["uid"] == (f"{wanted}/{target['_id']}" if wanted else str(target["_id"]))


@given(
    st.lists(
        st.sampled_from(
            [
                b"{}",
                b'{"index":{}}',
                b'{"delete":{"_id":"1"}}',
                b"",
                b" ",
                b"{",
                b"\xff",
                b"[]",
                b'{"a":1}',
                b"\r",
            ]
        ),
        max_size=8,
    )
)
def test_no_body_raises_anything_but_our_errors(lines: list[bytes]) -> None:
    body = b"\n".join(lines)
    try:
        bulk = decode(body, "logs")
    except AggregatorError:
        return
    assert bulk.rows == bulk.lines.count(b"\n")
    assert bulk.rows + len(bulk.errors) == len(results_of(bulk))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_errors(body: bytes) -> None:
    with contextlib.suppress(AggregatorError):
        assert not decode(body, None).rows


def test_a_bad_document_costs_itself_only() -> None:
    action = {"create": {"_index": "logs"}}
    bulk = decode(body_of(action, {"a": 1}, action, b"{", action, b"", action, {"b": 2}), None)

    assert lines_of(bulk) == [{"_index": "logs", "a": 1}, {"_index": "logs", "b": 2}]
    assert [(error.line, error.reason) for error in bulk.errors] == [(2, "syntax"), (3, "syntax")]
    assert bulk.refused() == {"syntax": 2}
    second = results_of(bulk)[1]["create"]
    assert (second["status"], second["error"]["type"]) == (400, "document_parsing_exception")
    assert "JSON" in second["error"]["reason"]


def test_half_of_a_character_costs_no_document() -> None:
    bulk = decode(body_of({"create": {}}, {"a": "cut \ud83d"}, {"create": {}}, {"b": 2}), None)
    assert lines_of(bulk) == [{"a": "cut \N{REPLACEMENT CHARACTER}"}, {"b": 2}]
    assert not bulk.errors


def test_a_document_over_the_limit_is_refused_by_itself() -> None:
    long = {"message": "x" * limits.LINE_BYTES}
    bulk = decode(body_of({"index": {}}, long, {"index": {}}, {"a": 1}), None)
    assert lines_of(bulk) == [{"a": 1}]
    assert str(limits.LINE_BYTES) in results_of(bulk)[0]["index"]["error"]["reason"]


def test_update_and_delete_are_refused_by_themselves() -> None:
    bulk = decode(
        body_of({"update": {"_id": "1"}}, {"doc": {}}, {"delete": {"_id": "1"}}, {"index": {}}, {"a": 1}),
        "logs",
    )
    assert lines_of(bulk) == [{"_index": "logs", "a": 1}]
    assert [next(iter(result.values()))["status"] for result in results_of(bulk)] == [400, 400, 201]
    assert bulk.refused() == {"operation": 2}


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"insert":{}}',
        b'{"index":1}',
        b'{"index":{"_index":1}}',
        b'{"index":{},"create":{}}',
        b'{"index":{"_id":[1]}}',
        b'{"index":{"_id":1.5}}',
        b'{"index":{"_id":"\xff"}}',
        b"\xff",
    ],
)
def test_a_line_that_does_not_say_what_to_do_refuses_the_whole(line: bytes) -> None:
    body = body_of({"index": {}}, {"a": 1}, line, {"b": 2})
    with pytest.raises(InvalidBodyError) as refused:
        decode(body, None)
    assert refused.value.details == {"line": 3}


def test_a_very_long_action_is_refused() -> None:
    with pytest.raises(InvalidBodyError):
        decode(body_of({"index": {"_id": "x" * limits.BULK_ACTION_BYTES}}, {}), None)


def test_more_lines_than_may_be_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(TooLargeError) as refused:
        decode(b"\n" * (limits.BODY_ITEMS + 1), None)
    assert refused.value.details == {"limit_items": limits.BODY_ITEMS}


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n \n", b"\r\n"])
def test_the_end_of_the_body_does_not_matter(end: bytes) -> None:
    assert lines_of(decode(b'{"create":{}}\r\n{"a":1}' + end, None)) == [{"a": 1}]


@pytest.mark.parametrize("document", [b"{}", b"{ }", b"{\t}", b' {"a":1} ', b'{ "a":1}'])
def test_a_document_gets_its_fields_however_it_begins(document: bytes) -> None:
    bulk = decode(body_of({"create": {}}, document), "logs")
    assert lines_of(bulk) == [{"_index": "logs", **json.loads(document)}]


def test_ids_are_told_apart_by_their_index_and_a_field_of_that_name_is_none() -> None:
    bulk = decode(
        body_of(
            {"index": {"_index": "a", "_id": "1"}},
            {},
            {"index": {"_index": "b", "_id": 1}},
            {"_id": "2", "uid": 3},
        ),
        None,
    )
    assert lines_of(bulk) == [
        {"_index": "a", "uid": "a/1"},
        {"_index": "b", "uid": "b/1", "_id": "2", "sent_uid": 3},
    ]
    assert [result["index"]["_id"] for result in results_of(bulk)] == ["1", "1"]


def test_ids_that_are_made_up_are_unique() -> None:
    bulk = decode(body_of(*[{"create": {"_index": "%d%s"}}, {"a": 1}] * 50), None)
    ids = {result["create"]["_id"] for result in results_of(bulk)}
    assert len(ids) == 50
    assert {result["create"]["_index"] for result in results_of(bulk)} == {"%d%s"}


def test_only_statuses_are_answered_when_no_more_is_wanted() -> None:
    bulk = decode(body_of({"create": {}}, {"a": 1}), "logs", brief=True)
    assert results_of(bulk) == [{"create": {"status": 201}}]
