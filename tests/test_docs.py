"""Documentation: commands exist and parse, links lead somewhere, every option and metric is explained."""

import re
import shlex
from pathlib import Path

import pytest

from skills_lib.backtest.figures import METRICS
from skills_lib.domain.costs import PRESETS
from tests.command import verbs
from tests.repository import ROOT, repository_files

LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
FENCED = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", flags=re.M | re.S)
COMMAND = re.compile(r"^\s*(?:\$ )?(?:\.venv/bin/)?twokey (?P<words>[a-z-].*)$", flags=re.M)


def pages() -> list[Path]:
    """Every Markdown page of the repository."""
    return repository_files("*.md")


VERBS = verbs()


def verb_of(words: list[str]) -> tuple[str, ...]:
    """The verb that a command line begins with.

    Raises:
        AssertionError: there is none.
    """
    found = [verb for verb in VERBS if tuple(words[: len(verb)]) == verb]
    assert found, f"`twokey {' '.join(words)}` calls no verb; there are {sorted(VERBS)}"
    return found[0]


def commands_in(page: Path) -> list[list[str]]:
    """Command lines of `twokey` in the fenced blocks of a page, with a real file for the placeholder FILE."""
    blocks = "\n".join(FENCED.findall(page.read_text(encoding="utf-8")))
    lines = [shlex.split(match["words"], comments=True) for match in COMMAND.finditer(blocks)]
    return [[str(ROOT / "README.md") if word == "FILE" else word for word in line] for line in lines]


def anchors(page: Path) -> set[str]:
    """Names that a link into a page may end with."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_verb_and_each_of_its_options_have_help(verb: tuple[str, ...]) -> None:
    command = VERBS[verb]
    assert command.help
    assert [p.name for p in command.params if p.name != "help" and not getattr(p, "help", None)] == []


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_verb_is_named_in_the_readme_or_the_docs(verb: tuple[str, ...]) -> None:
    texts = [page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *repository_files("docs/*.md")]]
    assert any(f"twokey {' '.join(verb)}" in text for text in texts)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_to_files_and_headings(page: Path) -> None:
    for match in LINK.finditer(page.read_text(encoding="utf-8")):
        target = (page.parent / match["path"]).resolve() if match["path"] else page
        assert target.exists(), f"{page.name} links to {match['path']}"
        assert not match["anchor"] or match["anchor"] in anchors(target), f"{page.name} links to #{match['anchor']}"


def test_command_lines_on_every_page_parse_against_the_real_command() -> None:
    lines = [line for page in pages() for line in commands_in(page)]
    assert len(lines) >= 5
    for line in lines:
        verb = verb_of(line)
        VERBS[verb].make_context(" ".join(verb), line[len(verb) :])


def test_a_command_line_with_an_unknown_option_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        VERBS["test-strategy",].make_context("test-strategy", ["BTC", "1h", "sma_crossover", "--no-such-option"])


def test_the_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    named = set(re.findall(r"\bmake ([a-z]+)\b", " ".join(re.findall(r"`[^`]+`", readme()) + FENCED.findall(readme()))))
    assert {"demo", "test"} <= named <= targets


def readme() -> str:
    """The text of README.md."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_explained_with_its_unit(name: str) -> None:
    rows = re.findall(rf"^\| `{name}` \|(.*)\|$", (ROOT / "docs" / "backtesting.md").read_text(encoding="utf-8"), re.M)
    assert len(rows) == 1
    label, unit, definition = (cell.strip() for cell in rows[0].split(" | "))
    assert label == METRICS[name].label
    assert unit in {METRICS[name].unit, "–"}
    assert len(definition) > 10


@pytest.mark.parametrize("name", PRESETS)
def test_a_cost_preset_is_explained(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "backtesting.md").read_text(encoding="utf-8")


def test_files_that_the_architecture_page_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./]+/[\w./]*)`", text))
    assert len(named) > 10
    assert [path for path in named if not any((base / path).exists() for base in (ROOT, ROOT / "skills_lib"))] == []


TWELVE_QUESTIONS = {
    "sharpe": "sharpe",
    "stop": "stop",
    "pass wrong": "clopper_pearson",
    "listenkey": "LIFE_MS = 60",
    "70 / 20 / 10": "IN_SAMPLE_SHARE",
    "trial": "reserve",
    "overfitting": "backtest_overfitting",
    "capped": "variance",
    "imbalance": "def imbalance",
    "thresholds": "class Thresholds",
    "signature": "def check_signature",
    "job": "start",
}


def test_the_twelve_questions_lead_to_files_that_answer_them() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text[text.index("## Twelve questions") : text.index("## From")]
    rows = [row.split(" | ") for row in table.splitlines() if row.startswith("| ") and row.count("|") == 3]
    rows = [row for row in rows if "`" in row[-1]]
    assert len(rows) == len(TWELVE_QUESTIONS)
    for (topic_text, answer), (topic, content) in zip(rows, TWELVE_QUESTIONS.items(), strict=True):
        file = re.findall(r"`([\w./]+)`", answer)[0]
        assert topic in topic_text.lower()
        assert content in (ROOT / file).read_text(encoding="utf-8"), f"{file} does not answer: {topic_text}"


def test_the_readme_lists_every_top_level_folder() -> None:
    folders = [
        "skills_lib",
        "strategies",
        "mcp_servers",
        "live",
        "scripts",
        "data",
        "backtests",
        "tests",
        "docs",
        ".claude",
    ]
    assert [folder for folder in folders if f"{folder}/" not in readme()] == []
