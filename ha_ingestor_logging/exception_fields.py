"""An exception as fields: the whole traceback as text, and what programs ask for as data."""

import traceback
from typing import Any, Final

from ha_ingestor_logging.entry import ExceptionInfo
from ha_ingestor_logging.message import format_message, safe_repr

_EXPLANATIONS: Final = ("error_code", "recovery_action", "user_impact")
# A retry that chains each failure to the one before must not make lines without end.
_CHAIN_MAX: Final = 16
_GROUP_MAX: Final = 32
_DEPTH_MAX: Final = 4


class ExplainedError(Exception):
    """An exception that says what it means for people; its lines carry these as fields.

    A subclass may set them as class attributes. Attributes of these names on any other exception
    count as well, and those of a cause where the exception itself has none.

    Args:
        args: as for any exception.
        error_code: what the error is known as, for example ``INFLUX-429``.
        recovery_action: what somebody can do about it.
        user_impact: what does not work because of it.
    """

    error_code: str | None = None
    recovery_action: str | None = None
    user_impact: str | None = None

    def __init__(
        self,
        *args: object,
        error_code: str | None = None,
        recovery_action: str | None = None,
        user_impact: str | None = None,
    ) -> None:
        super().__init__(*args)
        for name, value in zip(_EXPLANATIONS, (error_code, recovery_action, user_impact), strict=True):
            if value is not None:
                setattr(self, name, value)


def exception_fields(exc_info: ExceptionInfo) -> dict[str, Any]:
    """The fields of a line about an exception; none of them needs the exception's help to be made."""
    kind, value, trace = exc_info
    try:
        text = "".join(traceback.format_exception(kind, value, trace))
    except Exception as error:  # noqa: BLE001 - a foreign exception may break its own rendering
        text = f"{kind.__qualname__} whose traceback could not be rendered: {safe_repr(error)}"
    fields: dict[str, Any] = {
        "exception": text.rstrip("\n"),
        "exception_type": _type_name(kind),
        "exception_message": format_message(value, ()),
    }
    links = _chain(value)
    described = [_described(link, relation, 0) for link, relation in links]
    if len(described) > 1 or "notes" in described[0] or "exceptions" in described[0]:
        fields["exception_chain"] = described
    for name in _EXPLANATIONS:
        found = next((known for link, _ in links if (known := _attribute(link, name)) is not None), None)
        if found is not None:
            fields[name] = found
    return fields


def _chain(value: BaseException) -> list[tuple[BaseException, str | None]]:
    """The exception and what led to it, each with its relation to the one before."""
    links: list[tuple[BaseException, str | None]] = [(value, None)]
    seen = {id(value)}
    while len(links) < _CHAIN_MAX:
        last = links[-1][0]
        if last.__cause__ is not None:
            following, relation = last.__cause__, "cause"
        elif last.__context__ is not None and not last.__suppress_context__:
            following, relation = last.__context__, "context"
        else:
            break
        if id(following) in seen:
            break
        seen.add(id(following))
        links.append((following, relation))
    return links


def _described(value: BaseException, relation: str | None, depth: int) -> dict[str, Any]:
    described: dict[str, Any] = {"type": _type_name(type(value)), "message": format_message(value, ())}
    if relation is not None:
        described["relation"] = relation
    notes = _attribute(value, "__notes__")
    if isinstance(notes, list | tuple) and notes:
        described["notes"] = [format_message(note, ()) for note in notes[:_GROUP_MAX]]
    if isinstance(value, BaseExceptionGroup) and depth < _DEPTH_MAX:
        described["exceptions"] = [
            _described(member, None, depth + 1) for member in value.exceptions[:_GROUP_MAX]
        ]
    return described


def _attribute(value: BaseException, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001 - a foreign property may raise anything
        return None


def _type_name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
