"""The few lines in docs/journal.md verify a journal without Twokey."""

import re
import subprocess
import sys
from pathlib import Path

from tests.repository import ROOT
from tests.trades.journal.journals import journal_file, lines_of, ticks


def verified(program: Path, path: Path) -> tuple[int, str]:
    """Exit code and output of the program in the page."""
    command = [sys.executable, "-I", str(program), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_stranger_verifies_a_journal_with_the_lines_of_the_page(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "journal.md").read_text(encoding="utf-8"), re.S)
    assert code.count("\n") <= 15
    program, lines = tmp_path / "verify.py", lines_of(ticks(5))
    program.write_text(code, encoding="utf-8")
    path = journal_file(tmp_path / "a.jsonl", lines)
    head = lines[-1][-67:-3].decode()
    assert verified(program, path) == (0, f"6 records, head {head}\n")
    damages = ([*lines[:2], *lines[3:]], [*lines, lines[5]], [*lines[:5], lines[5][:-9]], [*lines[:2], b"x\n"])
    for damaged, line in zip(damages, (3, 7, 6, 3), strict=True):
        journal_file(path, damaged)
        assert verified(program, path) == (1, f"line {line} is not what was written\n")
