"""Text as a record."""

import json

import pytest

from aggregator.record.text_record import text_record


@pytest.mark.parametrize(
    ("line", "message"), [(b"plain", "plain"), (b'{"a"', '{"a"'), (b"a\xff\x00", "a\ufffd\x00"), (b"", "")]
)
def test_a_line_is_the_message_of_an_object(line: bytes, message: str) -> None:
    assert json.loads(text_record(line)) == {"message": message}
