"""Exit codes: 3 where the sample answered though real candles were asked for, and one line for what went wrong."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.settings import Settings
from tests.command import Command, Done
from tests.repository import ROOT

SHORT = ("--since", "2023-01-01", "--until", "2023-03-01")
SPACE = ("--param", "fast=5:10:5", "--param", "slow=20:40:20", "--min-trades", "1")
VERBS = {
    "test-strategy": ("BTC", "1h", "sma_crossover", *SHORT),
    "optimize": ("sma_crossover", "BTC", "1h", *SHORT, *SPACE),
    "walk-forward": ("sma_crossover", "BTC", "1h", *SHORT, *SPACE, "--train", "20d", "--test", "10d", "--step", "10d"),
    "validate": ("sma_crossover", "BTC", "1h", *SHORT, *SPACE, "--only", "lookahead"),
}


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a network: no name is resolved."""
    for name in ("EXCHANGE_URL", "ARCHIVE_URL"):
        monkeypatch.setenv(f"TWOKEY_{name}", "http://nowhere.invalid")


def errors(done: Done) -> list[str]:
    """Lines of standard error, without those that say which pictures were drawn."""
    return [line for line in done.err.splitlines() if not line.startswith("Drawn in ")]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("verb", VERBS)
def test_the_sample_in_place_of_real_candles_is_code_3_after_the_answer(verb: str, twokey: Command) -> None:
    done = twokey(verb, *VERBS[verb], "--json")
    assert done.code == 3
    assert done.answer["synthetic"] is True
    (line,) = errors(done)
    assert "synthetic sample" in line
    assert "--source sample" in line
    again = twokey(verb, *VERBS[verb])
    assert again.code == 3
    assert "SYNTHETIC" in again.out
    assert errors(again) == [line]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("verb", VERBS)
def test_the_sample_asked_for_is_code_0(verb: str, twokey: Command) -> None:
    done = twokey(verb, *VERBS[verb], "--source", "sample", "--json")
    assert (done.code, errors(done)) == (0, [])


@pytest.mark.usefixtures("offline")
def test_a_sample_chosen_by_a_setting_is_asked_for(twokey: Command, workspace: Settings) -> None:
    (workspace.home / "twokey.toml").write_text('source = "sample"\n', encoding="utf-8")
    assert twokey("test-strategy", *VERBS["test-strategy"]).code == 0


def test_candles_of_a_file_are_code_0(twokey: Command, tmp_path: Path) -> None:
    rows = [f"2023-01-{1 + hour // 24:02d} {hour % 24:02d}:00:00,1,2,1,{1 + hour % 7 / 10},3" for hour in range(720)]
    (tmp_path / "x.csv").write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]))
    assert twokey("test-strategy", "BTC", "1h", "sma_crossover", "--data", str(tmp_path / "x.csv")).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such-verb",), "No such command 'no-such-verb'."),
        (("runs", "--no-such-option"), "No such option: --no-such-option"),
        (("validate",), "Missing argument 'strategy'."),
        (("runs", "--limit", "many"), "Invalid value for '--limit'"),
        (("test-strategy", "BTC", "1h", "no_such"), "Unknown strategy 'no_such'."),
    ],
)
def test_what_does_not_fit_the_command_is_one_line_and_code_2(
    twokey: Command, arguments: tuple[str, ...], message: str
) -> None:
    done = twokey(*arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert message in done.err


def test_a_verb_that_is_missing_is_met_with_the_help(twokey: Command) -> None:
    done = twokey("data")
    assert (done.code, done.out) == (2, "")
    assert "Usage:" in done.err


def test_a_bug_is_one_line_that_says_how_to_see_more(tmp_path: Path) -> None:
    program = (
        "import sys; from scripts import cli, strategies\n"
        "def broken(): raise RuntimeError('a secret of the file')\n"
        "strategies._describe_all = broken\n"
        "sys.argv = ['twokey', 'strategies', *sys.argv[1:]]; cli.main()"
    )
    for option, lines in ((), 1), (("--debug",), 10):
        done = subprocess.run(
            [sys.executable, "-c", program, *option], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) >= lines
        assert ("Traceback" in done.stderr) is bool(option)
        assert "a bug in Twokey" in done.stderr
    assert done.stderr.count("RuntimeError") == 1


def test_the_codes_are_documented_in_one_place() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| (\d+) \|", text, flags=re.M)) == {"0", "1", "2", "3", "130"}


def test_the_demo_asks_for_the_sample() -> None:
    assert "--source sample" in (ROOT / "Makefile").read_text(encoding="utf-8") or "twokey demo" in (
        ROOT / "Makefile"
    ).read_text(encoding="utf-8")


def test_the_complete_answer_is_stored_once_for_equal_answers(twokey: Command, workspace: Settings) -> None:
    first, second = (twokey("strategies", "--json").answer["path"] for _ in range(2))
    assert first == second
    assert json.loads(Path(first).read_text(encoding="utf-8"))["strategies"]
    assert list(workspace.answers_dir.iterdir()) == [Path(first)]


def test_an_answer_is_printed_where_nothing_can_be_stored(twokey: Command, workspace: Settings) -> None:
    (workspace.home / "backtests").write_text("in the way")
    done = twokey("strategies", "--json")
    assert (done.code, done.answer["path"]) == (0, None)
    assert done.answer["strategies"]
    assert "is not stored" in done.err
