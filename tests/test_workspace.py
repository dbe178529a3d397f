"""The files agents read: valid, true to the program, and accepted by the tools that will read them."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from mcp import StdioServerParameters

from scripts.cli import app

ROOT = Path(__file__).resolve().parents[1]
SKILLS = sorted((ROOT / ".claude" / "skills").glob("*/SKILL.md"))
AGENTS = sorted((ROOT / ".claude" / "agents").glob("*.md"))
INSTRUCTIONS = [*SKILLS, *AGENTS, *(ROOT / ".claude" / "skills").glob("*/references/*.md"), ROOT / "CLAUDE.md"]
SETTINGS = json.loads((ROOT / ".claude" / "settings.json").read_text(encoding="utf-8"))
SERVERS = json.loads((ROOT / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"]
PLUGIN = json.loads((ROOT / ".claude-plugin" / "plugin.json").read_text(encoding="utf-8"))
SKILL_KEYS = {
    *("name", "description", "when_to_use", "argument-hint", "allowed-tools", "disallowed-tools"),
    *("disable-model-invocation", "user-invocable", "model", "effort", "shell", "paths", "hooks", "context"),
    *("agent", "background", "metadata"),
}
AGENT_KEYS = {
    *("name", "description", "tools", "disallowedTools", "model", "effort", "permissionMode", "mcpServers", "hooks"),
    *("maxTurns", "skills", "memory", "isolation"),
}
BUILT_IN_TOOLS = {"Read", "Grep", "Glob", "Edit", "Write", "Bash"}
NOWHERE = "http://127.0.0.1:9"


def server_tools() -> dict[str, set[str]]:
    import importlib

    import anyio

    servers = {name: importlib.import_module(f"mcp_servers.{name}.server").server for name in SERVERS}
    return {name: {tool.name for tool in anyio.run(server.list_tools)} for name, server in servers.items()}


def frontmatter(skill: Path) -> dict[str, Any]:
    _, head, _ = skill.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head)


def commands_in(file: Path) -> list[list[str]]:
    lines = re.findall(r"\.venv/bin/twokey ([^`\n]+)", _body(file))
    return [shlex.split(line) for line in lines]


def _body(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return text.split("---\n", 2)[2] if text.startswith("---\n") else text


def parse(arguments: list[str]) -> list[str]:
    """Let the real command read `arguments` down to the last option, without running anything; the verbs it read."""
    command = typer.main.get_command(app)
    context = command.make_context("twokey", list(arguments), resilient_parsing=False)
    rest, verbs = [*context._protected_args, *context.args], []
    while rest:
        name, command, rest = command.resolve_command(context, rest)
        verbs.append(name)
        context = command.make_context(name, list(rest), parent=context)
        rest = [*context._protected_args, *context.args] if hasattr(command, "resolve_command") else []
    return verbs


def node_tool(name: str) -> str:
    path = ROOT / "node_modules" / ".bin" / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: `make tools` installs it")
    return str(path)


@pytest.fixture
def copied_workspace(tmp_path: Path) -> Path:
    """The files agents read, in a folder that a tool may scribble in, with this environment as its `.venv`."""
    folder = tmp_path / "copy"
    for name in (".claude", ".claude-plugin"):
        shutil.copytree(ROOT / name, folder / name)
    for name in (
        ".mcp.json",
        "README.md",
    ):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


@pytest.fixture
def stranger(tmp_path: Path, copied_workspace: Path) -> dict[str, str]:
    """The environment of somebody who has trusted the copy, has nothing else configured, and is offline."""
    home = tmp_path / "home"
    home.mkdir()
    trusted = {"projects": {str(copied_workspace): {"hasTrustDialogAccepted": True}}}
    (home / ".claude.json").write_text(json.dumps(trusted), encoding="utf-8")
    offline = {"HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "DISABLE_AUTOUPDATER": "1"}
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1"}
    return {"HOME": str(home), "PATH": os.environ["PATH"], **offline, **quiet}


def run(command: list[str], cwd: Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_has_known_keys_and_the_name_of_its_folder(skill: Path) -> None:
    head = frontmatter(skill)
    assert head.keys() <= SKILL_KEYS
    assert head["name"] == skill.parent.name
    assert len(head["description"]) > 100
    assert len(skill.read_text(encoding="utf-8").splitlines()) < 500


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_links_of_a_skill_lead_to_files_at_most_one_level_down(skill: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", skill.read_text(encoding="utf-8")):
        assert (skill.parent / link).is_file()
        assert len(Path(link).parts) <= 2


def test_the_fields_named_in_the_backtest_skill_exist() -> None:
    from mcp_servers.backtest.answers import RunSummary
    from skills_lib.backtest.figures import METRICS
    from skills_lib.domain.quality import QualityReport

    parts = {f"quality.{name}" for name in QualityReport.model_fields} | {"verdict.label", "verdict.reasons"}
    known = {*RunSummary.model_fields, *METRICS, *parts, *(tool for names in server_tools().values() for tool in names)}
    for file in (ROOT / ".claude" / "skills" / "test-strategy").rglob("*.md"):
        message = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", _body(file)))
        assert message <= known


def tools_of(agent: Path) -> set[str]:
    return {tool.strip() for tool in frontmatter(agent)["tools"].split(",")}


def under_both_names(server: str, tool: str) -> set[str]:
    return {f"mcp__{server}__{tool}", f"mcp__plugin_twokey_{server}__{tool}"}


@pytest.mark.parametrize("agent", AGENTS, ids=lambda path: path.stem)
def test_an_agent_has_known_keys_and_the_name_of_its_file(agent: Path) -> None:
    head = frontmatter(agent)
    assert {"name", "description", "tools"} <= head.keys() <= AGENT_KEYS
    assert head["name"] == agent.stem
    assert len(head["description"]) > 100
    assert f"./.claude/agents/{agent.name}" in PLUGIN["agents"]


@pytest.mark.parametrize("agent", AGENTS, ids=lambda path: path.stem)
def test_an_agent_asks_for_tools_that_exist_under_both_names(agent: Path) -> None:
    mine = tools_of(agent)
    there = [under_both_names(server, tool) for server, names in server_tools().items() for tool in names]
    assert mine <= BUILT_IN_TOOLS.union(*there)
    assert [pair for pair in there if len(pair & mine) == 1] == []


def test_the_reviewer_of_overfitting_can_only_read() -> None:
    import importlib

    import anyio

    reads = set[str]()
    for name in SERVERS:
        for tool in anyio.run(importlib.import_module(f"mcp_servers.{name}.server").server.list_tools):
            if tool.annotations.read_only_hint:
                reads |= under_both_names(name, tool.name)
    assert tools_of(ROOT / ".claude" / "agents" / "overfit-reviewer.md") <= reads | {"Read", "Grep", "Glob"}


def test_only_the_author_of_a_strategy_may_write_a_file() -> None:
    assert [agent.stem for agent in AGENTS if tools_of(agent) & {"Edit", "Write"}] == ["strategy-author"]


def test_every_agent_that_a_skill_sends_work_to_exists() -> None:
    sent = {name for skill in SKILLS for name in re.findall(r"`([a-z-]+)` agent", _body(skill))}
    assert sent == {agent.stem for agent in AGENTS} - {"strategy-author"}


def test_the_fields_named_in_the_validation_skill_exist() -> None:
    from skills_lib.validate.model import OverfittingFigures, ValidationResult
    from skills_lib.validate.verdict import ValidationVerdict

    known = {*ValidationResult.model_fields, *OverfittingFigures.model_fields}
    known |= {f"verdict.{name}" for name in ValidationVerdict.model_fields} | {
        t for names in server_tools().values() for t in names
    }
    skill = ROOT / ".claude" / "skills" / "backtest-validate" / "SKILL.md"
    message = set(re.findall(r"`([a-z]+[_.][a-z_.]+|trials|artifacts)`", _body(skill)))
    assert len(message) > 8
    assert message <= known


def test_there_are_skills_and_no_legacy_commands() -> None:
    assert SKILLS
    assert not (ROOT / ".claude" / "commands").exists()


@pytest.mark.parametrize("file", INSTRUCTIONS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_commands_in_instructions_parse(file: Path) -> None:
    for arguments in commands_in(file):
        verbs = parse(arguments)
        assert verbs
        assert arguments[: len(verbs)] == verbs


@pytest.mark.parametrize("file", INSTRUCTIONS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_options_in_instructions_exist_on_their_commands(file: Path) -> None:
    commands = typer.main.get_command(app).commands
    verbs = {arguments[0] for arguments in commands_in(file)} & commands.keys() or {"test-strategy"}
    known = {name for verb in verbs for option in commands[verb].params for name in option.opts}
    assert set(re.findall(r"`(--[a-z-]+)", _body(file))) <= known


def test_the_skill_and_the_rules_hold_commands_to_check() -> None:
    for file in (*SKILLS, ROOT / "CLAUDE.md"):
        assert commands_in(file)


def test_files_named_in_instructions_exist_or_are_written_by_new_strategy() -> None:
    from scripts.new_strategy import render

    made = {str(path) for path in render("my_idea", "trend")}
    for file in INSTRUCTIONS:
        for path in re.findall(r"\b(?:tests|docs)/strategies/\w+\.\w+", _body(file)):
            assert path in made or (ROOT / path).is_file(), f"{file.name} names {path}"


def test_an_unknown_option_in_instructions_is_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(["test-strategy", "BTC", "1h", "sma_crossover", "--no-such-option"])


def test_every_verb_that_may_run_unasked_or_asks_exists() -> None:
    rules = SETTINGS["permissions"]["allow"] + SETTINGS["permissions"]["ask"]
    verbs = [
        match[1].split() for rule in rules if (match := re.match(r"Bash\(\.venv/bin/twokey ([a-z -]+?) \*\)", rule))
    ]
    assert len(verbs) > 5
    for words in verbs:
        _known(words)


def _known(words: list[str]) -> None:
    command = typer.main.get_command(app)
    for word in words:
        assert word in command.commands, f"twokey {' '.join(words)}"
        command = command.commands[word]


def test_the_tools_allowed_are_the_tools_there_are_under_both_names() -> None:
    tools = server_tools()
    as_project = {f"mcp__{server}__{tool}" for server, names in tools.items() for tool in names}
    as_plugin = {f"mcp__plugin_twokey_{server}__{tool}" for server, names in tools.items() for tool in names}
    allowed, asked = ({rule for rule in SETTINGS["permissions"][kind] if "mcp__" in rule} for kind in ("allow", "ask"))
    assert allowed | asked == as_project | as_plugin
    assert {rule.rpartition("__")[2] for rule in asked} == {"market_fetch", "strategy_create"}
    assert not allowed & asked


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_allows_itself_nothing_the_workspace_does_not(skill: Path) -> None:
    allowed_tools = {rule.strip() for rule in frontmatter(skill).get("allowed-tools", "").split(",") if rule.strip()}
    assert allowed_tools <= set(SETTINGS["permissions"]["allow"])


PROTECTED = [".env", "keys/trading.pem", "backtests/results/0123/result.json", "live/approvals/a"]
EVIDENCE = ["backtests/validation-reports/a-2026-01-01-0123/result.json", "backtests/ledger.sqlite"]


@pytest.mark.parametrize("path", [*PROTECTED, *EVIDENCE])
def test_secrets_results_and_approvals_are_denied(path: str) -> None:
    denied = [rule for rule in SETTINGS["permissions"]["deny"] if re.match(r"(Read|Edit)\(", rule)]
    patterns = [re.sub(r"^\w+\((\./)?|\)$", "", rule) for rule in denied]
    assert any(_matches(path, pattern) for pattern in patterns)


def _matches(path: str, pattern: str) -> bool:
    regex = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(regex, path) is not None


def test_rules_are_of_kinds_that_are_consulted() -> None:
    for rules in SETTINGS["permissions"].values():
        for rule in rules:
            assert re.fullmatch(r"(Bash|Read|Edit)\([^()]+\)|mcp__\w+", rule), rule


def test_the_plugin_starts_the_same_servers() -> None:
    assert PLUGIN["mcpServers"].keys() == SERVERS.keys()
    for name, server in SERVERS.items():
        assert PLUGIN["mcpServers"][name]["args"] == server["args"]


def test_versions_of_plugin_and_package_agree() -> None:
    import tomllib

    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (PLUGIN["version"], PLUGIN["name"]) == (package["version"], package["name"])


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
    code, output = run([node_tool("claude"), "plugin", "validate", ".", "--strict"], ROOT, stranger)
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


def test_installed_as_a_plugin_the_servers_connect_from_any_folder(
    tmp_path: Path, copied_workspace: Path, stranger: dict[str, str]
) -> None:
    other_folder = tmp_path / "elsewhere"
    other_folder.mkdir()
    claude = node_tool("claude")
    for arguments in (["marketplace", "add", str(copied_workspace)], ["install", "twokey@twokey"]):
        code, output = run([claude, "plugin", *arguments], other_folder, stranger)
        assert code == 0, output
    output = run([claude, "mcp", "list"], other_folder, stranger)[1]
    for name in SERVERS:
        assert re.search(rf"^plugin:twokey:{name}: .* ✔ Connected$", output, re.MULTILINE), output


@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.parametrize("name", SERVERS)
def test_the_inspector_finds_nothing_in_strict_mode(name: str, era: str) -> None:
    words = [sys.executable, "-m", f"mcp_servers.{name}", "--method", "tools/list", "--strict"]
    code, output = run([node_tool("mcp-inspector"), "--cli", *words, "--protocol-era", era], ROOT)
    assert code == 0, output
