"""Installed as a plugin: a lean copy with everything in it, whose servers start from any folder."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.client.skill_files import AGENTS, SKILLS
from tests.client.tools import SERVERS, node_tool, run
from tests.repository import ROOT


@pytest.fixture
def installed(tmp_path: Path, copied_workspace: Path, stranger: dict[str, str]) -> Path:
    """The folder that installing the plugin copied."""
    for arguments in (["marketplace", "add", str(copied_workspace)], ["install", "twokey@twokey"]):
        code, output = run([node_tool("claude"), "plugin", *arguments], tmp_path, stranger)
        assert code == 0, output
    return next((Path(stranger["HOME"]) / ".claude" / "plugins" / "cache").glob("twokey/twokey/*"))


def test_installing_the_plugin_copies_a_lean_folder_with_everything_in_it(
    tmp_path: Path, installed: Path, stranger: dict[str, str]
) -> None:
    copied = [path for path in installed.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in copied) < 200_000
    assert not {".venv", "node_modules", "package.json", ".git"} & {part for path in copied for part in path.parts}
    assert all(not path.is_symlink() for path in copied)
    details = run([node_tool("claude"), "plugin", "details", "twokey"], tmp_path, stranger)[1]
    for kind, count in (("Skills", len(SKILLS)), ("Agents", len(AGENTS)), ("Hooks", 1), ("MCP servers", len(SERVERS))):
        assert f"{kind} ({count})" in details, details


def test_installed_as_a_plugin_the_servers_connect_from_any_folder(
    tmp_path: Path, installed: Path, stranger: dict[str, str]
) -> None:
    other_folder = tmp_path / "another"
    other_folder.mkdir()
    output = run([node_tool("claude"), "mcp", "list"], other_folder, stranger | {"TWOKEY_PYTHON": sys.executable})[1]
    for name in SERVERS:
        assert re.search(rf"^plugin:twokey:{name}: .* ✔ Connected$", output, re.MULTILINE), output


@pytest.mark.parametrize("place", ["project", "checkout", "path"])
def test_the_plugin_finds_twokey_in_the_project_its_checkout_or_on_path(place: str, tmp_path: Path) -> None:
    project, checkout, programs = tmp_path / "project", tmp_path / "checkout", tmp_path / "bin"
    for folder in (project, checkout, programs):
        folder.mkdir()
    shutil.copytree(ROOT / "plugin", checkout / "plugin")
    if place == "path":
        (programs / "twokey").write_text(f"#!{sys.executable}\n", encoding="utf-8")
        (programs / "twokey").chmod(0o755)
    else:
        (tmp_path / place / ".venv").symlink_to(Path(sys.prefix))
    command = ["sh", str(checkout / "plugin" / "hooks" / "run-module.sh"), "mcp_servers.backtest", "--no-such-option"]
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "CLAUDE_PROJECT_DIR": str(project)}
    found = run(command, tmp_path, environment)
    assert "No Python with Twokey found" not in found[1]


def test_without_twokey_the_plugin_says_in_one_line_what_to_do(tmp_path: Path) -> None:
    hooks = shutil.copytree(ROOT / "plugin" / "hooks", tmp_path / "hooks")
    environment = {"PATH": "/usr/bin:/bin", "CLAUDE_PROJECT_DIR": str(tmp_path)}
    code, output = run(["sh", str(hooks / "run-module.sh"), "mcp_servers.backtest"], tmp_path, environment)
    assert (code, output.count("\n")) == (1, 1)
    assert "make demo" in output
