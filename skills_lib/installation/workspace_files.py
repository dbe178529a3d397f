"""The files that a new workspace begins with: those of this checkout, or the same ones inside an installed wheel."""

import re
from pathlib import Path

from skills_lib.installation.settings_page import settings_file
from skills_lib.workspace.location import MARKER

_CHECKOUT = Path(__file__).resolve().parents[2]
_IN_WHEEL = Path(__file__).resolve().parent / "files"
"""Where pyproject.toml puts the files when a wheel is built."""
_COPIED = (".claude/skills", ".claude/agents", ".claude/settings.json", ".mcp.json")
_READMES = ("data/README.md", "backtests/README.md")
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
    return _CHECKOUT if (_CHECKOUT / "pyproject.toml").is_file() else _IN_WHEEL


def workspace_files() -> dict[Path, str]:
    """Every file of a new workspace: text by path below its folder."""
    root = source_root()
    named = [root / name for name in (*_COPIED, *_READMES)]
    files = [file for path in named for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    copied = {file.relative_to(root): file.read_text(encoding="utf-8") for file in files if file.is_file()}
    rules = _CHECKOUT_ONLY.sub("", (root / "docs" / "for-agents.md").read_text(encoding="utf-8"))
    return copied | {
        Path(MARKER): settings_file(),
        Path("CLAUDE.md"): rules,
        Path(".gitignore"): _IGNORED,
        Path("strategies/README.md"): _STRATEGIES,
    }
