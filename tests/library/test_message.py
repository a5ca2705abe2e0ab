import pytest

from ha_ingestor_logging.message import format_message, safe_repr


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("event", "args", "text"),
    [
        ("plain 100%", (), "plain 100%"),
        ("%s of %d", ("one", 2), "one of 2"),
        ("%(a)s", ({"a": 1},), "1"),
        ("%s", ({},), "{}"),
        (42, (), "42"),
        (ValueError("bad"), (), "bad"),
        ("%d", ("text",), "%d ('text',)"),
        ("none", (1, 2), "none (1, 2)"),
        ("%s", (Broken(),), "%s <tuple whose repr() raised RuntimeError>"),
        (Broken(), (), "<Broken whose str() raised RuntimeError>"),
    ],
)
def test_every_event_becomes_text(event: object, args: tuple[object, ...], text: str) -> None:
    assert format_message(event, args) == text


def test_repr_always_answers() -> None:
    assert safe_repr([1]) == "[1]"
    assert safe_repr(Broken()) == "<Broken whose repr() raised RuntimeError>"
