"""Documents of senders that know nothing of our record."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.documents import lines_of
from tests.aggregator.json_values import json_objects

roots = st.sampled_from(
    ["log", "host", "service", "event", "error", "http", "uid", "message", "log.level", "a"]
)
documents = st.dictionaries(
    roots, st.one_of(st.none(), st.text(), st.integers(), json_objects, st.dictionaries(roots, json_objects))
)


def flat(document: object) -> object:
    lines = lines_of(json.dumps(document).encode() + b"\n")
    assert lines is not None
    (line,) = lines.splitlines()
    return json.loads(line)


def leaves(value: object, path: str = "") -> list[tuple[str, str]]:
    """Every value that is no object, with its path; an empty object is one."""
    if not isinstance(value, dict) or not value:
        return [(path, json.dumps(value))]
    return sorted(
        leaf for key, member in value.items() for leaf in leaves(member, f"{path}.{key}" if path else key)
    )


@given(documents.filter(lambda document: document.get("uid", "") is not None))
def test_every_value_is_still_there_under_its_path(document: dict[str, object]) -> None:
    renamed = dict(document)
    if "uid" in renamed:
        renamed["sent_uid"] = renamed.pop("uid")
    assert leaves(flat(document)) == leaves(renamed)


@given(st.lists(st.one_of(documents, json_objects), max_size=5))
def test_there_are_as_many_lines_as_documents(sent: list[dict[str, object]]) -> None:
    body = b"".join(json.dumps(document).encode() + b"\n" for document in sent)
    lines = lines_of(body)
    assert lines is not None
    assert lines.count(b"\n") == len(sent)


@given(st.binary(max_size=100).map(lambda line: line.replace(b"\n", b"") + b"\n"))
def test_what_is_no_object_is_told(line: bytes) -> None:
    lines = lines_of(line)
    assert lines is None or isinstance(json.loads(lines), dict)


def test_plain_documents_stay_as_they_are() -> None:
    body = b'{"@timestamp": 1, "log.level":"info", "labels":{"a":1.50}, "error":"text", "event":["x"]}\n'
    assert lines_of(body) is body


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (
            {"log": {"level": "error", "file": {"path": "/x"}}},
            {"log.level": "error", "log.file": {"path": "/x"}},
        ),
        ({"http": {"request": {"id": "r", "body": {}}}}, {"http.request.id": "r", "http.request.body": {}}),
        ({"log": {"level": "a"}, "log.level": "b"}, {"log": {"level": "a"}, "log.level": "b"}),
        ({"host": {}}, {"host": {}}),
        ({"uid": 1000}, {"sent_uid": 1000}),
        ({"_id": "x"}, {"_id": "x"}),
        ({"@timestamp": 1, "timestamp": "10/Oct"}, {"timestamp": 1, "sent_timestamp": "10/Oct"}),
        ({"@timestamp": 1, "time": "10/Oct", "ts": 2}, {"timestamp": 1, "time": "10/Oct", "ts": 2}),
        ({"@timestamp": None, "timestamp": 2}, {"@timestamp": None, "timestamp": 2}),
        ({"timestamp": 2}, {"timestamp": 2}),
        ({"@timestamp": 1}, {"@timestamp": 1}),
    ],
)
def test_objects_of_the_common_schema_become_dotted_fields(
    document: dict[str, object], line: dict[str, object]
) -> None:
    assert flat(document) == line


def test_numbers_stay_as_they_were_written() -> None:
    line = lines_of(b'{"log":{"offset":1.50},"big":123456789012345678901234567890,"exact":0.10}\n')
    assert line == b'{"big":123456789012345678901234567890,"exact":0.10,"log.offset":1.50}\n'
