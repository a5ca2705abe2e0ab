"""What can be wrong with a search."""


class QueryError(Exception):
    """Base of everything that can be wrong with a search."""


class QueryValueError(QueryError):
    """A value that its field can't have.

    Args:
        message: what is wrong, for people.
        expected: what could stand there instead, for people.
    """

    def __init__(self, message: str, expected: tuple[str, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected


class QuerySyntaxError(QueryError):
    """A search that can't be parsed.

    Args:
        message: what is wrong, for people, without the column.
        column: where, in characters from 1; one past the end when the text stops too early.
        expected: what could stand there instead, for people.
    """

    def __init__(self, message: str, column: int, expected: tuple[str, ...]) -> None:
        super().__init__(f"column {column}: {message}")
        self.message = message
        self.column = column
        self.expected = expected
