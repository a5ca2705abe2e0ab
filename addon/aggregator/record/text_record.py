"""Text that is no JSON object, as a record."""

import orjson


def text_record(line: bytes) -> bytes:
    """Return a JSON object with a line as its message; what is not UTF-8 is replaced."""
    return orjson.dumps({"message": line.decode("utf-8", "replace")})
