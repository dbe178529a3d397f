"""How hints call the command: as the reader's shell would find it, from the folder it is in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.invocation import as_typed, command_name


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a virtual environment whose interpreter seems to run this process."""
    bin_ = tmp_path / "my work" / ".venv" / "bin"
    bin_.mkdir(parents=True)
    for name in ("python", "twokey"):
        (bin_ / name).write_text("#!/bin/sh\necho called\n")
        (bin_ / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bin_ / "python"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(bin_.parents[1])
    return bin_


def test_a_command_that_is_not_on_path_is_called_by_its_path(environment: Path) -> None:
    assert command_name() == ".venv/bin/twokey"


def test_a_command_on_path_is_called_by_its_name(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{environment}{os.pathsep}/usr/bin")
    assert command_name() == "twokey"


def test_another_twokey_on_path_is_not_taken_for_this_one(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "twokey"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    assert command_name() == ".venv/bin/twokey"


def test_a_path_with_a_space_runs_as_printed(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_folder = tmp_path / "elsewhere"
    other_folder.mkdir()
    monkeypatch.chdir(other_folder)
    printed = as_typed("Run `twokey runs` next.").split("`")[1]
    done = subprocess.run(printed, shell=True, cwd=other_folder, capture_output=True, text=True, check=True)
    assert done.stdout == "called\n"


def test_only_calls_are_rewritten(environment: Path) -> None:
    kept = "Twokey; pip install 'twokey[live]'; /srv/twokey runs; .venv/bin/twokey runs; my-twokey runs; twokey.toml"
    assert as_typed(kept) == kept
    assert as_typed("twokey runs, `twokey data list`") == ".venv/bin/twokey runs, `.venv/bin/twokey data list`"


def test_a_package_that_is_not_installed_keeps_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert command_name() == "twokey"
