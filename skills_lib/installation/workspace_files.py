"""The files that a new workspace begins with: those of this checkout, or the same ones inside an installed wheel."""

import re
from pathlib import Path

from skills_lib.installation.settings_page import settings_file
from skills_lib.workspace.location import MARKER

_PACKAGES = Path(__file__).resolve().parents[2]
"""The folder of the packages: the checkout, or site-packages."""
_IN_WHEEL = Path(__file__).resolve().parent / "files"
"""Where pyproject.toml puts the files when a wheel is built."""
_COPIED = (".claude/skills", ".claude/agents", ".claude/hooks", ".claude/settings.json", ".mcp.json")
_TEST = "strategies/_templates/every_strategy.txt"
_READMES = ("data/README.md", "backtests/README.md")
_SKILLS_OF_A_CHECKOUT = frozenset({"setup", "lint", "run-tests"})
"""Skills that call make."""
_CHECKOUT_ONLY = re.compile(r"<!-- checkout only -->\n.*?<!-- end -->\n", flags=re.S)
_IGNORED = """.venv/
__pycache__/
.env
/data/*
!/data/README.md
/backtests/*
!/backtests/README.md
.claude/settings.local.json
"""
_STRATEGIES = """# Strategies

One file per strategy; the file name is its name. `.venv/bin/twokey new-strategy my_idea --kind breakout` writes one
with its test and its page. The strategies that come with Twokey are found too: `.venv/bin/twokey strategies` lists all,
and a file here replaces one of the same name.
"""


def source_root() -> Path:
    """The folder below which the files lie that are copied: the checkout, or the folder in the wheel."""
    return _PACKAGES if (_PACKAGES / "pyproject.toml").is_file() else _IN_WHEEL


def workspace_files() -> dict[Path, str]:
    """Every file of a new workspace: text by path below its folder."""
    root = source_root()
    named = [root / name for name in (*_COPIED, *_READMES)]
    files = [file for path in named for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    copied = {file.relative_to(root): _text(file) for file in files if file.is_file()}
    return {name: text for name, text in copied.items() if not _SKILLS_OF_A_CHECKOUT & set(name.parts)} | {
        Path(MARKER): settings_file(),
        Path("CLAUDE.md"): _text(root / "docs" / "for-agents.md"),
        Path("tests/strategies/test_every_strategy.py"): _text(_PACKAGES / _TEST),
        Path(".gitignore"): _IGNORED,
        Path("strategies/README.md"): _STRATEGIES,
    }


def _text(file: Path) -> str:
    """The text without what only holds in a checkout."""
    return _CHECKOUT_ONLY.sub("", file.read_text(encoding="utf-8"))
