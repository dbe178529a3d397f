"""What the skills tell the model to run, collected from their files."""

import re
import shlex
from pathlib import Path

from tests.repository import ROOT

SKILLS = sorted((ROOT / ".claude" / "skills").glob("*/SKILL.md"))
ON_COMMAND = [skill for skill in SKILLS if "\ndisable-model-invocation: true\n" in skill.read_text(encoding="utf-8")]
"""Skills that only the user starts: they need a key, or an exchange."""
STARTED = [skill for skill in SKILLS if skill not in ON_COMMAND]
"""Skills that the model may start."""
AGENTS = sorted((ROOT / ".claude" / "agents").glob("*.md"))
_FENCED = re.compile(r"^ *```\n(.*?)^ *```", flags=re.M | re.S)
_INLINE = re.compile(r"`((?:\.venv/bin/twokey|make) [^`\n]+)`")


def body(file: Path) -> str:
    """The text after the frontmatter."""
    text = file.read_text(encoding="utf-8")
    return text.split("---\n", 2)[2] if text.startswith("---\n") else text


def commands(file: Path) -> list[str]:
    """Every command of a skill or agent, in the order of the text: fenced ones whole, and those between backticks."""
    text = body(file)
    found = [(match.start(), line.strip()) for match in _FENCED.finditer(text) for line in match[1].splitlines()]
    found += [(match.start(), match[1]) for match in _INLINE.finditer(_FENCED.sub(_blank, text))]
    return list(dict.fromkeys(command for _, command in sorted(found, key=lambda pair: pair[0]) if command))


def arguments(file: Path) -> str:
    """What a person would type after the slash command: the words of its first command that are not options."""
    first = next((command for command in commands(file) if command.startswith(".venv/bin/twokey ")), "")
    words = shlex.split(first)[2:]
    ends = next((place for place, word in enumerate(words) if word.startswith("--")), len(words))
    return " ".join(words[:ends])


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
