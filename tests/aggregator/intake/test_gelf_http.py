"""GELF over HTTP to a running aggregator."""

import gzip
import json
import os
import zlib
from collections.abc import Callable

import pytest

from tests.aggregator.running_aggregator import Aggregator


def message(mark: str) -> bytes:
    return json.dumps(
        {
            "version": "1.1",
            "host": "pi",
            "short_message": mark,
            "timestamp": 1385053862.307261,
            "level": 4,
            "_service": "shop",
        }
    ).encode()


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zlib.compress])
@pytest.mark.parametrize("encoding", ["", "gzip,deflate"])
def test_a_message_is_stored_however_it_is_compressed(
    aggregator: Aggregator, compress: Callable[[bytes], bytes], encoding: str
) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", "/gelf", compress(message(mark)), Content_Encoding=encoding)
    assert (answer.status, answer.body) == (202, b"")
    (row,) = aggregator.wait_for(mark, 1)
    expected = {
        "timestamp": "2013-11-21T17:11:02.307261Z",
        "level": "WARNING",
        "service": "shop",
        "host": "pi",
        "message": mark,
        "source": "gelf",
    }
    assert expected.items() <= row.items()


def test_a_message_that_is_none_costs_itself_only(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", "/gelf", b"no\n" + message(mark))
    assert answer.status == 400
    assert answer.body.startswith(b"messages refused: 1, stored: 1\nmessage 1: not a JSON object")
    aggregator.wait_for(mark, 1)
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["sources"]["gelf"]["refused_lines"] == {"invalid_json": 1}


@pytest.mark.parametrize(("body", "code"), [(b"no", "invalid_body"), (b"\x1f\x8bno", "invalid_encoding")])
def test_what_holds_no_message_is_refused(aggregator: Aggregator, body: bytes, code: str) -> None:
    answer = aggregator.intake("POST", "/gelf", body)
    assert (answer.status, answer.error["code"]) == (400, code)


def test_a_token_is_needed(aggregator: Aggregator) -> None:
    assert aggregator.intake("POST", "/gelf", message("x"), scope=None).status == 401
