"""A session's name is one folder of the workspace and nothing else."""

from pathlib import Path

import pytest

from live.control.folder import SessionFolder, sessions
from skills_lib.domain.errors import InputError


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "-a", "A", "ä", "a" * 33, "a\n", "a.b"])
def test_a_name_that_is_no_plain_word_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="names no session"):
        SessionFolder.of(tmp_path, name)


def test_sessions_are_listed_by_name_and_strange_folders_are_left_out(tmp_path: Path) -> None:
    assert sessions(tmp_path) == []
    for name in ("simulator", "demo"):
        SessionFolder.of(tmp_path, name).make()
    (tmp_path / "live" / "sessions" / "Not One").mkdir()
    assert [folder.name for folder in sessions(tmp_path)] == ["demo", "simulator"]


def test_nobody_else_can_look_into_it(tmp_path: Path) -> None:
    folder = SessionFolder.of(tmp_path, "demo")
    folder.make()
    assert folder.root.stat().st_mode & 0o077 == 0
