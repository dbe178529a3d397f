"""The tools that will read the workspace's files accept them: Claude Code, agnix and the MCP inspector."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from mcp import StdioServerParameters

from tests.client.tools import SERVERS, node_tool, run
from tests.repository import ROOT
from tests.test_workspace import server_tools


def test_agnix_finds_no_issues() -> None:
    agnix = shutil.which("agnix", path=str(Path(sys.prefix) / "bin"))
    assert agnix, "agnix is a development dependency: `make setup` installs it"
    code, output = run([agnix, ".", "--strict"], ROOT)
    assert code == 0, output
    assert "No issues found" in output


def test_agnix_would_name_a_key_that_does_not_exist(copied_workspace: Path) -> None:
    skill = copied_workspace / ".claude" / "skills" / "test-strategy" / "SKILL.md"
    skill.write_text("---\nname: Test Strategy\nparams: 3\n---\n", encoding="utf-8")
    agnix = shutil.which("agnix", path=str(Path(sys.prefix) / "bin"))
    assert run([str(agnix), ".", "--strict"], copied_workspace)[0] == 1


def test_claude_code_accepts_the_plugin(stranger: dict[str, str]) -> None:
    for folder in (".", "./plugin"):
        code, output = run([node_tool("claude"), "plugin", "validate", folder, "--strict"], ROOT, stranger)
        assert code == 0, output
        assert "Validation passed" in output
        assert "⚠" not in output


def test_claude_code_understands_every_setting_and_rule(copied_workspace: Path, stranger: dict[str, str]) -> None:
    _, output = run([node_tool("claude"), "doctor"], copied_workspace, stranger)
    assert "doctor" in output
    assert "Invalid settings" not in output
    assert "may not work" not in output


def test_claude_code_would_name_a_rule_it_does_not_understand(copied_workspace: Path, stranger: dict[str, str]) -> None:
    settings = {"permissions": {"allow": ["mcp__backtest__backtest_run(BTC)"]}}
    (copied_workspace / ".claude" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    assert "Invalid settings" in run([node_tool("claude"), "doctor"], copied_workspace, stranger)[1]


def test_claude_code_connects_to_each_server_of_the_workspace(copied_workspace: Path, stranger: dict[str, str]) -> None:
    code, output = run([node_tool("claude"), "mcp", "list"], copied_workspace, stranger)
    assert code == 0, output
    for name in SERVERS:
        assert re.search(rf"^{name}: .* ✔ Connected$", output, re.MULTILINE), output


@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.parametrize("name", SERVERS)
def test_the_inspector_finds_nothing_in_strict_mode(name: str, era: str) -> None:
    words = [sys.executable, "-m", f"mcp_servers.{name}", "--method", "tools/list", "--strict"]
    code, output = run([node_tool("mcp-inspector"), "--cli", *words, "--protocol-era", era], ROOT)
    assert code == 0, output


@pytest.mark.parametrize("name", SERVERS)
def test_each_configured_server_starts_with_exactly_its_command(name: str, copied_workspace: Path) -> None:
    import anyio
    from mcp import Client

    command, *arguments = (_expand(word) for word in [SERVERS[name]["command"], *SERVERS[name]["args"]])
    (copied_workspace / "types.py").write_text("raise SystemExit('the working folder shadows the standard library')\n")

    async def talk() -> set[str]:
        server = StdioServerParameters(command=command, args=arguments, cwd=copied_workspace)
        async with Client(server) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert anyio.run(talk) == server_tools()[name]


def _expand(text: str) -> str:
    """`${NAME:-default}` as with an empty environment."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
