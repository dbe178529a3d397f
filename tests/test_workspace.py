"""The files agents read: valid, and true to the program."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from scripts.cli import make_app
from skills_lib.answers.backtests import RunAnswer
from skills_lib.answers.market import CandlesAnswer
from skills_lib.answers.searches import OptimizationAnswer, WalkForwardAnswer
from skills_lib.answers.trades import SyncAnswer
from skills_lib.answers.validations import ValidationAnswer
from skills_lib.backtest.figures import METRICS
from skills_lib.validate.verdict import ValidationVerdict
from tests.client.skill_files import AGENTS, ON_COMMAND, SKILLS, STARTED, body
from tests.repository import ROOT

INSTRUCTIONS = [*SKILLS, *AGENTS, *(ROOT / ".claude" / "skills").glob("*/references/*.md"), ROOT / "CLAUDE.md"]
SETTINGS = json.loads((ROOT / ".claude" / "settings.json").read_text(encoding="utf-8"))
SERVERS = json.loads((ROOT / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"]
PLUGIN = json.loads((ROOT / "plugin" / ".claude-plugin" / "plugin.json").read_text(encoding="utf-8"))
SKILL_KEYS = {
    *("name", "description", "when_to_use", "argument-hint", "allowed-tools", "disallowed-tools"),
    *("disable-model-invocation", "user-invocable", "model", "effort", "shell", "paths", "hooks", "context"),
    *("agent", "background", "metadata"),
}
AGENT_KEYS = {
    *("name", "description", "tools", "disallowedTools", "model", "effort", "permissionMode", "mcpServers", "hooks"),
    *("maxTurns", "skills", "memory", "isolation"),
}
ON_REQUEST = {"Bash(.venv/bin/twokey data fetch *)", "Bash(.venv/bin/twokey data import *)"}
"""Allowed by the skill that the user starts for it, and asked for otherwise."""
BUILT_IN_TOOLS = {"Read", "Grep", "Glob", "Edit", "Write", "Bash"}


def server_tools() -> dict[str, set[str]]:
    import importlib

    import anyio

    servers = {name: importlib.import_module(f"mcp_servers.{name}.server").server for name in SERVERS}
    return {name: {tool.name for tool in anyio.run(server.list_tools)} for name, server in servers.items()}


def frontmatter(skill: Path) -> dict[str, Any]:
    _, head, _ = skill.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head)


def commands_in(file: Path) -> list[list[str]]:
    """The words after `twokey` of every command, also of those in the middle of a sentence."""
    return [shlex.split(line) for line in re.findall(r"\.venv/bin/twokey ([^`\n]+)", body(file))]


def parse(arguments: list[str]) -> list[str]:
    """Let the real command read `arguments` down to the last option, without running anything; the verbs it read."""
    command = typer.main.get_command(make_app())
    context = command.make_context("twokey", list(arguments), resilient_parsing=False)
    rest, verbs = [*context._protected_args, *context.args], []
    while rest:
        name, command, rest = command.resolve_command(context, rest)
        verbs.append(name)
        context = command.make_context(name, list(rest), parent=context)
        rest = [*context._protected_args, *context.args] if hasattr(command, "resolve_command") else []
    return verbs


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


ANSWERS = {
    "test-strategy": RunAnswer,
    "optimize": OptimizationAnswer,
    "walk-forward": WalkForwardAnswer,
    "validate": ValidationAnswer,
    "data check": CandlesAnswer,
    "trades sync": SyncAnswer,
}


def test_the_skills_that_read_answers_name_their_fields() -> None:
    for name, field in (("test-strategy", "`return_pct`"), ("optimize-strategy", "`efficiency`")):
        assert field in (ROOT / ".claude" / "skills" / name / "SKILL.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_the_fields_that_a_skill_reports_are_in_the_answers_that_it_reads(skill: Path) -> None:
    verbs = {" ".join(parse(arguments)) for arguments in commands_in(skill)}
    known = {name for verb in verbs & ANSWERS.keys() for name in ANSWERS[verb].model_fields}
    known |= {"quality.gaps", *(f"verdict.{name}" for name in ValidationVerdict.model_fields), *METRICS}
    texts = [
        skill.read_text(encoding="utf-8"),
        *(file.read_text(encoding="utf-8") for file in skill.parent.glob("*/*")),
    ]
    reported = re.findall(r"^\d\. \*\*Report.*?(?=^\d\. |^\S|\Z)", texts[0], flags=re.M | re.S)
    named = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", "\n".join([*reported, *texts[1:]])))
    assert named <= known


def tools_of(agent: Path) -> set[str]:
    return {tool.strip() for tool in frontmatter(agent)["tools"].split(",")}


def under_both_names(server: str, tool: str) -> set[str]:
    return {f"mcp__{server}__{tool}", f"mcp__plugin_twokey_{server}__{tool}"}


@pytest.mark.parametrize("agent", AGENTS, ids=lambda path: path.stem)
def test_an_agent_has_known_keys_and_the_name_of_its_file(agent: Path) -> None:
    head = frontmatter(agent)
    assert {"name", "description", "tools", "model", "effort"} <= head.keys() <= AGENT_KEYS
    assert head["name"] == agent.stem
    assert len(head["description"]) > 100
    assert head["model"] in {"haiku", "sonnet", "opus"}
    assert head["effort"] in {"low", "medium", "high"}


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


def test_reviewers_auditors_and_runners_may_write_no_file() -> None:
    writing = {agent.stem for agent in AGENTS if tools_of(agent) & {"Edit", "Write"}}
    assert writing == {"strategy-author", "test-generator", "performance-optimizer"}


def test_every_agent_that_a_skill_sends_work_to_exists() -> None:
    sent = {name for skill in SKILLS for name in re.findall(r"`([a-z-]+)` agent", body(skill))}
    assert {"backtest-runner", "data-auditor", "overfit-reviewer"} <= sent <= {agent.stem for agent in AGENTS}


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
    verbs = {tuple(parse(arguments)) for arguments in commands_in(file)} or {("test-strategy",)}
    known = {name for words in verbs for option in command_of(words).params for name in option.opts}
    assert set(re.findall(r"`(--[a-z-]+)", body(file))) <= known


def test_the_skills_and_the_rules_hold_commands_to_check() -> None:
    for file in (*SKILLS, ROOT / "CLAUDE.md"):
        assert commands_in(file) or "make " in body(file)


def test_files_named_in_instructions_exist_or_are_written_by_new_strategy() -> None:
    from scripts.new_strategy import render

    made = {str(path) for path in render("my_idea", "trend")}
    for file in INSTRUCTIONS:
        for path in re.findall(r"\b(?:tests|docs)/strategies/\w+\.\w+", body(file)):
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
        command_of(words)


def command_of(words: Sequence[str]) -> Any:
    """The command that `words` call."""
    command: Any = typer.main.get_command(make_app())
    for word in words:
        assert word in command.commands, f"twokey {' '.join(words)}"
        command = command.commands[word]
    return command


def test_the_tools_allowed_are_the_tools_there_are_under_both_names() -> None:
    tools = server_tools()
    as_project = {f"mcp__{server}__{tool}" for server, names in tools.items() for tool in names}
    as_plugin = {f"mcp__plugin_twokey_{server}__{tool}" for server, names in tools.items() for tool in names}
    allowed, asked = ({rule for rule in SETTINGS["permissions"][kind] if "mcp__" in rule} for kind in ("allow", "ask"))
    assert allowed | asked == as_project | as_plugin
    names = {"live_kill", "live_stop", "market_fetch", "strategy_create", "trade_log_sync"}
    assert {rule.rpartition("__")[2] for rule in asked} == names
    assert not allowed & asked


def test_every_skill_may_be_started_unasked_but_those_that_only_the_user_starts() -> None:
    rules = {rule for rule in SETTINGS["permissions"]["allow"] if rule.startswith("Skill(")}
    assert rules == {f"Skill({skill.parent.name})" for skill in STARTED}
    assert [skill.parent.name for skill in ON_COMMAND] == ["sync-trades"]


def test_trades_and_flows_are_synchronised_only_after_asking() -> None:
    for group in ("trades", "flows"):
        assert f"Bash(.venv/bin/twokey {group} sync *)" in SETTINGS["permissions"]["ask"]


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_allows_itself_nothing_the_workspace_does_not(skill: Path) -> None:
    allowed_tools = {rule.strip() for rule in frontmatter(skill).get("allowed-tools", "").split(",") if rule.strip()}
    assert allowed_tools - ON_REQUEST <= set(SETTINGS["permissions"]["allow"])
    assert allowed_tools.isdisjoint(SETTINGS["permissions"]["ask"])


def test_only_the_skill_of_data_writes_candles_unasked() -> None:
    using = {
        skill.parent.name for skill in SKILLS for rule in ON_REQUEST if rule in frontmatter(skill)["allowed-tools"]
    }
    assert using == {"manage-data"}


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
            assert re.fullmatch(r"(Bash|Read|Edit|Skill)\([^()]+\)|mcp__\w+", rule), rule


def test_the_plugin_starts_the_same_servers() -> None:
    assert PLUGIN["mcpServers"].keys() == SERVERS.keys()
    for name, server in SERVERS.items():
        assert PLUGIN["mcpServers"][name]["args"][-1] == server["args"][-1]


def test_versions_of_plugin_and_package_agree() -> None:
    import tomllib

    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (PLUGIN["version"], PLUGIN["name"]) == (package["version"], package["name"])
