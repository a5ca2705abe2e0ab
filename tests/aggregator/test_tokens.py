"""Tokens: made once, readable by one user, and each good for its scope only."""

import stat
from pathlib import Path

import pytest

from aggregator.tokens import Scope, Tokens


def values(folder: Path) -> dict[Scope, str]:
    return {scope: (folder / scope.value).read_text() for scope in Scope}


def test_the_first_start_makes_one_of_each_scope(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens")
    made = values(tmp_path / "tokens")
    assert len(set(made.values())) == 3
    for scope, token in made.items():
        assert len(token) >= 43
        assert tokens.scope_of(token) is scope


def test_only_their_user_can_read_them(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens")
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700
    for scope in Scope:
        assert stat.S_IMODE((tmp_path / "tokens" / scope.value).stat().st_mode) == 0o600


def test_they_stay_the_same_over_a_restart(tmp_path: Path) -> None:
    Tokens(tmp_path)
    before = values(tmp_path)
    tokens = Tokens(tmp_path)
    assert values(tmp_path) == before
    assert tokens.scope_of(before[Scope.READ]) is Scope.READ


def test_one_that_was_deleted_is_made_anew_and_the_others_stay(tmp_path: Path) -> None:
    Tokens(tmp_path)
    before = values(tmp_path)
    (tmp_path / "read").unlink()
    tokens = Tokens(tmp_path)
    after = values(tmp_path)
    assert after[Scope.READ] != before[Scope.READ]
    assert after[Scope.ADMIN] == before[Scope.ADMIN]
    assert tokens.scope_of(before[Scope.READ]) is None


def test_a_token_that_someone_wrote_with_an_editor_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "ingest").write_text("my-own-token\n")
    assert Tokens(tmp_path).scope_of("my-own-token") is Scope.INGEST


@pytest.mark.parametrize("token", ["", " ", "ingest", "é", "\udcff", "x" * 100_000])
def test_others_have_no_scope(tmp_path: Path, token: str) -> None:
    assert Tokens(tmp_path).scope_of(token) is None


def test_a_part_of_a_token_has_no_scope(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    for token in values(tmp_path).values():
        assert tokens.scope_of(token[:-1]) is None
        assert tokens.scope_of(token + "x") is None


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_token_file_lets_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / "admin").write_text(content)
    assert Tokens(tmp_path).scope_of("") is None


@pytest.mark.parametrize(
    "content", [b"\xff" * 43, b"two words here", b"short", b"\x00" * 43, "töken-123".encode()]
)
def test_a_file_without_a_usable_token_is_set_aside_and_a_new_one_is_made(
    tmp_path: Path, content: bytes
) -> None:
    Tokens(tmp_path)
    before = values(tmp_path)
    (tmp_path / "read").write_bytes(content)
    tokens = Tokens(tmp_path)
    after = values(tmp_path)
    assert tokens.scope_of(after[Scope.READ]) is Scope.READ
    assert len(after[Scope.READ]) >= 43
    assert after[Scope.INGEST] == before[Scope.INGEST]
    assert (tmp_path / "read.damaged").read_bytes() == content
    assert stat.S_IMODE((tmp_path / "read.damaged").stat().st_mode) == 0o600
