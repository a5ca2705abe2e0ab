"""The text of a log call."""


def format_message(event: object, args: tuple[object, ...]) -> str:
    """The message with its % placeholders filled, as the standard library's logging fills them.

    Arguments that don't fit are shown behind the message instead of being lost.

    Args:
        event: the message, or what ``str`` makes one from.
        args: the placeholders' values; a single mapping fills named ones.
    """
    try:
        text = event if type(event) is str else str(event)
    except Exception as error:  # noqa: BLE001 - a foreign __str__ may raise anything
        text = f"<{type(event).__name__} whose str() raised {type(error).__name__}>"
    if not args:
        return text
    try:
        values = args[0] if len(args) == 1 and isinstance(args[0], dict) and args[0] else args
        return text % values
    except Exception:  # noqa: BLE001 - neither wrong placeholders nor a foreign __str__ may lose the line
        return f"{text} {safe_repr(args)}"


def safe_repr(value: object) -> str:
    """``repr`` that always has an answer."""
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a foreign __repr__ may raise anything
        return f"<{type(value).__name__} whose repr() raised {type(error).__name__}>"
