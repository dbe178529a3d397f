"""Which folder is the workspace: not the one a command happens to be started in, and never another user's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings
from skills_lib.workspace import location
from skills_lib.workspace.location import MARKER, as_path, locate
from tests.repository import ROOT

ASK = """
import json
from skills_lib.settings import Settings
found = Settings()
print(json.dumps([str(found.home), str(found.ledger_dir), found.cash, found.exchange]))
"""


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a workspace nor a ledger is named in the environment."""
    for name in ("TWOKEY_HOME", "TWOKEY_LEDGER_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def without_checkout(clean: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package lay in site-packages; tests/installation/test_wheel.py installs it there."""
    monkeypatch.setattr(location, "_PACKAGE_ROOT", tmp_path)


def marked(folder: Path, text: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(text, encoding="utf-8")
    return folder


def asked_in(folder: Path, **environment: str) -> str:
    """What a new process that is started in `folder` answers."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TWOKEY_")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=folder,
        env=inherited | environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout or done.stderr.splitlines()[-1]


@pytest.mark.parametrize("home", ["~/ws", "{}/home/ws", "~/other/../ws", " ~/ws "])
def test_a_home_means_the_same_folder_wherever_a_process_is_started(tmp_path: Path, home: str) -> None:
    folders = [tmp_path / name for name in ("here", "there", "home/ws")]
    for folder in folders:
        folder.mkdir(parents=True)
    given = {"HOME": str(tmp_path / "home"), "TWOKEY_HOME": home.format(tmp_path)}
    answers = {asked_in(folder, **given) for folder in folders}
    assert len(answers) == 1
    assert f'["{tmp_path}/home/ws", ' in answers.pop()
    assert not list(tmp_path.rglob("~*"))


@pytest.mark.parametrize("home", ["ws", "./ws", "..", "$HOME/ws", "${HOME}", "%USERPROFILE%", "~nobody_of_this_name/x"])
def test_a_home_that_would_depend_on_the_folder_or_the_shell_is_refused_in_one_line(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOKEY_HOME", home)
    with pytest.raises(InputError, match=r"^TWOKEY_HOME .*Write .*path") as refusal:
        Settings()
    assert "\n" not in str(refusal.value)


def test_an_empty_home_is_none(clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOKEY_HOME", "")
    assert locate().folder == ROOT


def test_a_checkout_is_its_own_workspace_even_inside_a_marked_folder(
    tmp_path: Path, clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(marked(tmp_path / "hostile", 'exchange = "evil"'))
    assert locate().folder == ROOT
    assert Settings().exchange == "binance"


@pytest.mark.parametrize("name", [".env", MARKER])
def test_a_settings_file_in_the_working_folder_is_not_read(tmp_path: Path, name: str) -> None:
    hostile, home = tmp_path / "hostile", tmp_path / "home"
    hostile.mkdir()
    home.mkdir()
    text = {".env": "TWOKEY_EXCHANGE=evil\nTWOKEY_HOME=.\nTWOKEY_LEDGER_DIR=.\n", MARKER: 'exchange = "evil"\nx = 1\n'}
    (hostile / name).write_text(text[name], encoding="utf-8")
    given = {"HOME": str(home), "TWOKEY_HOME": str(home)}
    assert asked_in(hostile, **given) == asked_in(tmp_path, **given)
    assert "evil" not in asked_in(hostile, HOME=str(home))


def test_outside_a_checkout_the_nearest_marked_folder_above_is_the_workspace(
    tmp_path: Path, without_checkout: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = marked(tmp_path / "outer")
    inner = marked(outer / "a" / "inner", "cash = 7")
    deep = inner / "b" / "c"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert locate().folder == inner
    assert Settings().cash == 7
    monkeypatch.chdir(outer / "a")
    assert locate().folder == outer


def test_without_any_workspace_the_error_says_how_to_make_one(
    tmp_path: Path, without_checkout: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"No workspace.*twokey init.*TWOKEY_HOME") as refusal:
        Settings()
    assert "\n" not in str(refusal.value)


def test_the_owner_of_the_environment_is_the_workspace_from_every_folder(
    tmp_path: Path, clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = marked(tmp_path / "own"), marked(tmp_path / "other")
    (own / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(own / ".venv"))
    for folder in (own, other, tmp_path):
        monkeypatch.chdir(folder)
        assert locate().folder == own


def test_an_environment_that_is_none_or_has_another_name_owns_nothing(
    tmp_path: Path, clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = marked(tmp_path / "own")
    for prefix, base in ((own / "env", "/usr"), (own / ".venv", own / ".venv")):
        monkeypatch.setattr(sys, "prefix", str(prefix))
        monkeypatch.setattr(sys, "base_prefix", str(base))
        assert locate().folder == ROOT


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("given_away", [".", MARKER])
def test_a_folder_that_another_user_marked_is_not_used(
    given_away: str, tmp_path: Path, without_checkout: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = marked(tmp_path / "shared")
    os.chown(shared / given_away, 12345, 12345)
    (shared / "mine").mkdir()
    monkeypatch.chdir(shared / "mine")
    found = locate()
    assert (found.folder, found.refused) == (None, (shared,))
    with pytest.raises(InputError, match="belongs to another user"):
        found.require()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_link_of_another_user_to_the_users_own_marker_marks_nothing(
    tmp_path: Path, without_checkout: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, shared = marked(tmp_path / "own"), tmp_path / "shared"
    shared.mkdir()
    (shared / MARKER).symlink_to(own / MARKER)
    os.chown(shared / MARKER, 12345, 12345, follow_symlinks=False)
    monkeypatch.chdir(shared)
    assert locate().folder is None


def test_a_removed_working_folder_is_one_line(
    tmp_path: Path, without_checkout: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(InputError, match="working folder was removed"):
        locate()


def test_a_relative_path_of_a_setting_begins_in_the_workspace(tmp_path: Path) -> None:
    assert as_path("a/../b", "x", tmp_path) == tmp_path / "b"
    assert as_path("/a", "x", tmp_path) == Path("/a")
    with pytest.raises(InputError, match="one line"):
        as_path("a\nb", "x", tmp_path)
