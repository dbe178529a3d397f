"""Strategy files: user files next to the bundled ones; only broken files are refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from backtesting import Strategy

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.report.describe import describe
from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings
from strategies.sma_crossover import SmaCrossover
from tests.strategies.generated_bars import BUNDLED, walk

PLAIN = '''"""Not a signal strategy."""
from backtesting import Strategy


class EveryTenth(Strategy):
    """Buys every tenth bar and closes five later."""

    offset = 5
    part = 0.5
    careful = False

    def init(self):
        pass

    def next(self):
        if len(self.data) % 10 == 0:
            self.buy(size=self.part)
        elif len(self.data) % 10 == self.offset:
            self.position.close()
'''


def own(workspace: Settings, name: str, text: str) -> Path:
    workspace.strategies_dir.mkdir(exist_ok=True)
    path = workspace.strategies_dir / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_six_bundled_strategies_are_there_and_load(workspace: Settings) -> None:
    assert [name for name in strategies.available() if name in BUNDLED] == BUNDLED
    for name in strategies.available():
        assert issubclass(strategies.load(name), Strategy)


def test_a_loaded_class_is_the_imported_one(workspace: Settings) -> None:
    assert strategies.load("sma_crossover") is SmaCrossover
    assert strategies.load("sma_crossover") is strategies.load("sma_crossover")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_plain_strategy_dropped_into_the_workspace_runs_with_its_own_next(workspace: Settings) -> None:
    path = own(workspace, "every_tenth", PLAIN)
    strategy = strategies.load("every_tenth")
    assert strategies.source_file("every_tenth") == path
    assert parameter_space(strategy).defaults() == {"offset": 5, "part": 0.5, "careful": False}
    execution = run_reference(strategy, walk(100, seed=1), {"offset": 7}, BacktestSettings()).execution
    assert execution.trades["entry_bar"].tolist() == list(range(10, 100, 10))
    assert execution.trades["exit_bar"].tolist() == list(range(17, 100, 10))


def test_a_plain_strategy_is_described_as_running_on_the_reference_only(workspace: Settings) -> None:
    own(workspace, "every_tenth", PLAIN)
    description = describe("every_tenth", strategies.load("every_tenth"))
    assert description.executor == "next"
    assert description.title == "Buys every tenth bar and closes five later."
    allowed = {p.name: (p.allowed, p.values_in_sweep) for p in description.parameters}
    assert allowed == {"offset": ("a number", 1), "part": ("a number", 1), "careful": ("true or false", 1)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def broken(:\n", r"wrong\.py cannot be imported: invalid syntax in line 1\. Fix the file\."),
        ("import nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
        ("\x00", "cannot be imported"),
        ("x = 'ä'\n".encode("latin-1"), "cannot be imported"),
        ("", r"defines 0 strategies \(none\)"),
        (PLAIN + "\n\nclass Another(EveryTenth): ...\n", r"defines 2 strategies \(EveryTenth, Another\)"),
    ],
)
def test_a_broken_file_is_the_only_one_refused(workspace: Settings, text: str | bytes, reason: str) -> None:
    path = own(workspace, "wrong", "")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=reason) as refusal:
        strategies.load("wrong")
    assert "\n" not in str(refusal.value)
    assert strategies.load("sma_crossover") is SmaCrossover
    assert "wrong" in strategies.available()


def test_a_helper_class_may_stand_beside_the_strategy_behind_an_underscore(workspace: Settings) -> None:
    text = (
        PLAIN.replace("class EveryTenth(Strategy)", "class _Base(Strategy)")
        + "\n\nclass Mine(_Base):\n    part = 0.9\n"
    )
    own(workspace, "mine", text)
    assert strategies.load("mine").__name__ == "Mine"
    assert parameter_space(strategies.load("mine")).defaults()["part"] == 0.9


def test_a_class_that_is_only_imported_is_not_counted(workspace: Settings) -> None:
    own(workspace, "every_tenth", PLAIN)
    own(
        workspace,
        "mine",
        "from strategies.every_tenth import EveryTenth\n\n\nclass Mine(EveryTenth):\n    part = 0.9\n",
    )
    assert strategies.load("mine").__name__ == "Mine"


def test_an_edited_file_is_read_again_even_within_the_same_second(workspace: Settings) -> None:
    own(workspace, "every_tenth", PLAIN)
    first = strategies.load("every_tenth")
    own(workspace, "every_tenth", PLAIN.replace("offset = 5", "offset = 6"))
    second = strategies.load("every_tenth")
    assert (first.offset, second.offset) == (5, 6)


def test_a_file_broken_by_an_edit_loads_again_once_fixed(workspace: Settings) -> None:
    own(workspace, "every_tenth", PLAIN)
    first = strategies.load("every_tenth")
    own(workspace, "every_tenth", "def broken(:")
    with pytest.raises(InputError):
        strategies.load("every_tenth")
    own(workspace, "every_tenth", PLAIN)
    assert strategies.load("every_tenth") is first


def test_a_user_file_overrides_a_bundled_one_of_the_same_name(workspace: Settings) -> None:
    path = own(workspace, "sma_crossover", PLAIN)
    assert strategies.source_file("sma_crossover") == path
    assert strategies.load("sma_crossover").__name__ == "EveryTenth"
    path.unlink()
    assert strategies.load("sma_crossover").__name__ == "SmaCrossover"


def test_what_a_file_prints_stays_off_standard_output(workspace: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    own(workspace, "chatty", "print('hello')\n" + PLAIN)
    strategies.load("chatty")
    assert capsys.readouterr() == ("", "hello\n")


def test_a_worker_process_imports_a_user_strategy(workspace: Settings) -> None:
    own(workspace, "every_tenth", PLAIN)
    code = "from strategies.every_tenth import EveryTenth; print(EveryTenth.offset)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "5\n"


@pytest.mark.parametrize(("typed", "meant"), [("sma_crosover", "sma_crossover"), ("MACD_Trend", "macd_trend")])
def test_a_mistyped_name_gets_a_suggestion(workspace: Settings, typed: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"Unknown strategy '{typed}'. Did you mean '{meant}'\\?"):
        strategies.load(typed)


def test_a_name_is_no_path(workspace: Settings) -> None:
    for name in ("../secrets", "/etc/passwd", "__init__", ""):
        with pytest.raises(InputError, match="Unknown strategy"):
            strategies.load(name)


def test_the_workspace_may_move_while_a_process_runs(
    workspace: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(workspace, "here", PLAIN)
    assert "here" in strategies.available()
    (tmp_path / "second" / "strategies").mkdir(parents=True)
    (tmp_path / "second" / "strategies" / "there.py").write_text(PLAIN, encoding="utf-8")
    for home, expected in [("second", {"there"}), (".", {"here"}), ("second", {"there"})]:
        monkeypatch.setenv("TWOKEY_HOME", str(tmp_path / home))
        assert {"here", "there"} & set(strategies.available()) == expected
