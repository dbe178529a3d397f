"""`twokey strategies`: every strategy, and broken files with the reason."""

import json

import strategies
from skills_lib.settings import Settings
from tests.command import Command

ODD = '''
from backtesting import Strategy


class Odd(Strategy):
    """Buys [bold]brackets[/bold]."""

    mode = "[red]"
'''


def test_json_lists_every_strategy_with_its_parameters(twokey: Command) -> None:
    done = twokey("strategies", "--json")
    listed = done.whole
    assert done.code == 0
    assert [strategy["name"] for strategy in listed["strategies"]] == strategies.available()
    assert listed["refused"] == []
    crossover = next(strategy for strategy in listed["strategies"] if strategy["name"] == "sma_crossover")
    assert crossover["constraints"] == ["fast < slow"]
    assert crossover["executor"] == "signals"
    assert crossover["parameters"][0] == {
        "name": "fast",
        "default": 10,
        "allowed": "a whole number from 2 to 200",
        "values_in_sweep": 100,
    }


def test_a_broken_file_is_listed_as_refused_and_the_rest_stays(twokey: Command, workspace: Settings) -> None:
    workspace.strategies_dir.mkdir()
    (workspace.strategies_dir / "wrong.py").write_text("print('noise')\nclass Wrong(:\n", encoding="utf-8")
    (workspace.strategies_dir / "chatty.py").write_text("print('noise')\n1 / 0\n", encoding="utf-8")
    listed = json.loads(twokey("strategies", "--json").out)
    assert len(listed["strategies"]) == len(strategies.available()) - 2
    assert listed["refused"] == [
        {
            "name": "chatty",
            "reason": "chatty.py cannot be imported: ZeroDivisionError: division by zero. Fix the file.",
        },
        {"name": "wrong", "reason": "wrong.py cannot be imported: invalid syntax in line 2. Fix the file."},
    ]
    screen = twokey("strategies")
    assert screen.code == 0
    assert "refused wrong: wrong.py cannot be imported: invalid syntax in line 2. Fix the file." in screen.out


def test_the_table_shows_what_each_does_its_parameters_and_constraints(twokey: Command) -> None:
    screen = twokey("strategies").out
    for name in strategies.available():
        assert name in screen
    assert "fast 10 (2 to 200)" in screen
    assert "where fast < slow" in screen
    assert "direction both (one of both, long, short)" in screen


def test_markup_in_a_strategy_is_printed_as_it_stands(twokey: Command, workspace: Settings) -> None:
    workspace.strategies_dir.mkdir()
    (workspace.strategies_dir / "odd.py").write_text(ODD, encoding="utf-8")
    screen = twokey("strategies").out
    assert "[bold]brackets[/bold]" in screen
    assert "mode [red]" in screen
    assert "next()" in screen
