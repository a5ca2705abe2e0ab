"""The senders' own IDs of the records that came last, by which one that comes again is seen."""

import duckdb

from aggregator import limits

TABLE = "recent_uids"
"""Table of the hash of each uid and the number of its record."""


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table."""
    connection.execute(f"CREATE TABLE {TABLE} (uid UBIGINT, seq UBIGINT)")


def sent(relation: str) -> str:
    """SQL behind FROM that stands for the uids of some records, with their numbers."""
    return f"(SELECT hash(uid) AS uid, _seq FROM {relation} WHERE uid <> '')"


def any_came_before(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Tell whether one of some records' uids is known, or twice among them."""
    (repeated,) = connection.execute(
        f"SELECT count(*) - count(DISTINCT uid) > 0 OR bool_or(uid IN (SELECT uid FROM {TABLE})) "
        f"FROM {sent(relation)}"
    ).fetchone() or (False,)
    return bool(repeated)


def remember(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Remember the uids of some records, none of which is known."""
    connection.execute(f"INSERT INTO {TABLE} SELECT uid, _seq FROM {sent(relation)}")


def forget_old(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget what is further back than it has to be known."""
    connection.execute(
        f"DELETE FROM {TABLE} WHERE seq < (SELECT max(seq) FROM {TABLE}) - ?", [limits.DUPLICATE_WINDOW_ROWS]
    )
