"""Limits: each has its reason, and those that clients meet stand in the API's description."""

import ast
from pathlib import Path

import pytest

from aggregator import limits

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


def test_each_limit_says_why() -> None:
    statements = ast.parse(Path(limits.__file__).read_text()).body[1:]
    for number, statement in enumerate(statements):
        if isinstance(statement, ast.Assign):
            (name,) = statement.targets
            assert isinstance(name, ast.Name)
            if name.id != "MIB":
                reason = statements[number + 1]
                assert isinstance(reason, ast.Expr), f"{name.id} has no reason"
                assert isinstance(reason.value, ast.Constant)
                assert isinstance(reason.value.value, str)


@pytest.mark.parametrize(
    "told",
    [
        f"At most {limits.BODY_BYTES // limits.MIB} MiB as sent",
        f"{limits.DECOMPRESSED_BODY_BYTES // limits.MIB} MiB decompressed",
        f"the first {limits.REPORTED_LINE_ERRORS} of them",
        f"1 … {limits.SEARCH_ROWS}",
        f"within {limits.LIVE_AUTH_S:.0f} s",
        f"A read has {limits.SEARCH_TIME_S:.0f} s",
        f"`lines` (0 … {limits.CONTEXT_LINES}",
        f"1 … {limits.BUCKETS - 1}",
        f"At most {limits.BUCKETS:,} buckets",
        f"1 … {limits.STEP_S}",
        f"(1 … {limits.FACET_FIELDS} names",
        f"(1 … {limits.FACET_VALUES}, 10",
        f"up to {limits.GROUP_FIELDS} fields",
        f"At most {limits.GROUPS:,} groups",
    ],
)
def test_clients_are_told(told: str) -> None:
    assert told in API


def test_bodies_and_lines_fit_what_may_wait() -> None:
    assert limits.LINE_BYTES < limits.BODY_BYTES <= limits.DECOMPRESSED_BODY_BYTES <= limits.PENDING_BYTES
