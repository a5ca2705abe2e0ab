"""Quoting for the few names and constants that can't be bound as parameters."""


def quote_identifier(name: str) -> str:
    """Return a name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return a text as a SQL string constant."""
    return "'" + text.replace("'", "''") + "'"
