"""Advice can be followed: commands and options that messages name exist where they are to be used.

Each command that a test calls through the fixture `twokey` is checked as well (`tests/command.py`).
"""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from scripts.extras import with_installs
from tests.command import CALL, OPTION, Command, options_of, require_followable, verb_of, verbs
from tests.repository import ROOT, repository_files

FILES = repository_files("skills_lib/*.py", "scripts/*.py", "live/*.py", "strategies/*.py")


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text of a module, with X for what is filled in; docstrings too, which are the help of verbs."""
    inside = set[ast.AST]()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside.update(node.values)
            yield "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield node.value


FOREIGN = {"--python", "--http", "--port"}
"""Options of other programs, and of the servers."""
TEXTS = [(path, text) for path in FILES for text in texts(ast.parse(path.read_text(encoding="utf-8")))]


def test_every_command_that_a_message_names_parses_against_the_real_one() -> None:
    found = [(path, line) for path, text in TEXTS for line in CALL.findall(text)]
    assert len(found) > 10
    for path, line in found:
        words = [word.strip("[]…") for word in shlex.split(line.replace("…", ""))]
        verb = verb_of(words)
        is_group = tuple(words[:1]) in {known[:1] for known in verbs()}
        assert verb or is_group or words == ["--help"], f"{path.name}: `twokey {line}` calls no verb"
        assert set(OPTION.findall(line)) <= (options_of(verb) if verb else {"--help"}), f"{path.name}: {line}"


def test_every_option_that_a_message_names_is_one_of_a_verb() -> None:
    known = {name for verb in verbs() for name in options_of(verb)}
    for path, text in TEXTS:
        if " " not in text or "{" in text or re.search(r"--[a-z]+:", text):  # styles of pages
            continue
        assert set(OPTION.findall(text)) <= known | FOREIGN, f"{path.relative_to(ROOT)}: {text}"


def test_an_option_that_the_verb_lacks_would_be_noticed() -> None:
    for message in ("Use --no-such 3.", "Run `twokey runs --no-such`.", "Run `twokey no-such`.", "Use --costs free."):
        with pytest.raises(AssertionError):
            require_followable(["runs"], message)
    require_followable(["runs"], "Use --limit 3, or run `twokey data fetch BTC 1h --since 2023-01-01`.")
    require_followable(["runs", "--no-such"], "No such option: --no-such. `.venv/bin/twokey runs --help` lists them.")


def test_an_extra_is_installed_by_the_names_of_its_libraries_into_this_environment() -> None:
    advice = with_installs("It needs optuna. Run pip install 'twokey[optimize]', or use --method random.")
    assert "twokey[" not in advice
    assert sys.executable in advice
    command = advice.split("Run ")[1].partition(", or")[0]
    words = shlex.split(command)
    assert words[-1].startswith("optuna")
    if words[0] == sys.executable:
        done = subprocess.run([*words[:4], "--dry-run", "--no-index", "pip"], capture_output=True, check=False)
        assert done.returncode == 0


def test_several_extras_at_once_and_unknown_ones() -> None:
    assert re.search(r"install .*picows.*arch", with_installs("pip install 'twokey[live,evidence]'"))
    assert with_installs("pip install 'twokey[no_such]'") == "pip install 'twokey[no_such]'"


OFFLINE = [
    ("data", "fetch", "BTC", "1h"),
    ("data", "fetch", "BTC", "1h", "--source", "exchange"),
    ("data", "fetch", "BTC", "1h", "--source", "archive"),
    ("data", "fetch", "BTC", "1h", "--source", "cache"),
    ("data", "check", "BTC", "1h"),
    ("test-strategy", "BTC", "1h", "sma_crossover", "--source", "exchange"),
    ("test-strategy", "BTC", "1h", "sma_crossover", "--source", "cache"),
    ("test-strategy", "BTC", "1h", "sma_crossover", "--since", "1999-01-01", "--until", "1999-02-01"),
    ("validate", "sma_crossover", "BTC", "1h", "--source", "archive"),
    ("scan", "--host", "127.0.0.1:9"),
]


@pytest.mark.parametrize("arguments", OFFLINE, ids=" ".join)
def test_without_a_network_each_verb_advises_what_it_can_do(
    arguments: tuple[str, ...], twokey: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EXCHANGE_URL", "ARCHIVE_URL"):
        monkeypatch.setenv(f"TWOKEY_{name}", "http://nowhere.invalid")
    done = twokey(*arguments)  # which checks the options it names
    assert done.code in (1, 2)
    assert done.err.count("\n") == 1
    assert not (arguments[1] == "fetch" and re.search(r"sample|--source cache", done.err.partition("Cannot")[0]))
