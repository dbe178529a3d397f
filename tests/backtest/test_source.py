"""Parameters read from a strategy's file equal those of the imported class; what is not plain is not read."""

from pathlib import Path

import pytest

import strategies
from skills_lib.backtest.identity import strategy_sha256
from skills_lib.backtest.source import StrategySource
from skills_lib.backtest.strategy import LoadedStrategy, parameter_space
from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings

PLAIN = '''"""A strategy."""

import numpy as np

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.parameters import Choice, Integer
from skills_lib.domain.parameters import Real as Number

DAYS = 365


def doubled(value: float, by: float = 2.0) -> float:
    return value * by


class Plain(SignalStrategy):
    """A class."""

    width: Integer = Integer(10, 2, high=200, step=2)
    side = Choice("both", ("both", "long"))
    edge = Number(-0.5, low=-1, high=1.0, step=0.5)
    size = 0.5
    deep = True
    _hidden = 4
    levels = (1, 2)
    constraints = "width > edge"

    def signals(self, bars: Bars):
        return doubled(self.width)
'''

BACKTESTING = """from backtesting import Strategy


class Bare(Strategy):
    fast = 10
    name = "x"

    def init(self):
        pass

    def next(self):
        pass
"""


def source_of(name: str) -> StrategySource:
    """The source of a strategy of the workspace."""
    return StrategySource(name, strategies.source_file(name), strategies.__name__)


def own_strategy(home: Path, text: str) -> str:
    """Write a strategy into the workspace and return its name."""
    file = home / "strategies" / "of_this_test.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file.stem


def is_read_as_imported(name: str) -> bool:
    """Whether what is read from a file is what its import gives: parameters, their order, constraints and hash."""
    read, loaded = source_of(name), LoadedStrategy(name, strategies.load(name), strategies.source_file(name))
    space, expected = read.declared_space(), parameter_space(loaded.strategy)
    assert space is not None
    same_order = list(space.parameters) == list(expected.parameters)
    return same_order and space == expected and read == loaded.source


@pytest.mark.parametrize("name", strategies.available())
def test_every_bundled_strategy_is_read_as_it_is_imported(name: str) -> None:
    assert is_read_as_imported(name)


@pytest.mark.parametrize("text", [PLAIN, BACKTESTING])
def test_plain_attributes_are_read_as_they_are_imported(text: str, workspace: Settings) -> None:
    assert is_read_as_imported(own_strategy(workspace.home, text))


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ("DAYS = 365", "DAYS = 365\nprint(DAYS)"),
        ("DAYS = 365", "DAYS = int(365)"),
        ("DAYS = 365", "DAYS = 365\n\n\nclass _Base:\n    pass"),
        ("DAYS = 365", "DAYS = 365\n\n\ndef Integer(*values, **more):\n    return 1"),
        ("DAYS = 365", "from . import sma_crossover"),
        ("DAYS = 365", "from strategies import sma_crossover"),
        ("DAYS = 365", "import strategies.sma_crossover"),
        ("import numpy as np", "from numpy import *"),
        ("def doubled", "@print\ndef doubled"),
        ("by: float = 2.0", "by: float = float(2)"),
        ("        return doubled(self.width)", "        from strategies import sma_crossover"),
        ("class Plain", "@print\nclass Plain"),
        ("class Plain", "class _Plain"),
        ("(SignalStrategy)", "(SignalStrategy, metaclass=type)"),
        ("(SignalStrategy)", "(SignalStrategy, object)"),
        ("import SignalStrategy", "import LoadedStrategy as SignalStrategy"),
        ("    size = 0.5", "    size = DAYS / 2"),
        ("    size = 0.5", "    size = [0.5][0]"),
        ("    size = 0.5", "    size = max(1, 2)"),
        ("    size = 0.5", "    size: float"),
        ("    size = 0.5", "    for size in (1, 2):\n        pass"),
        ("    size = 0.5", "    size = Integer(*(1, 2, 3))"),
        ("    size = 0.5", "    size = Integer(9, low=1, high=3)"),
        ("    size = 0.5", "    size = Integer(9, **{})"),
        ("    size = 0.5", "    size = 0.5\n\n    def size(self):\n        pass"),
        ("    def signals", "    @property\n    def signals"),
        ("DAYS = 365", "DAYS = ("),
    ],
)
def test_what_only_an_import_can_tell_is_not_read(plain: str, other: str, workspace: Settings) -> None:
    assert PLAIN.count(plain) == 1
    name = own_strategy(workspace.home, PLAIN.replace(plain, other))
    assert source_of(name).declared_space() is None


def test_a_wrong_constraint_is_refused_with_the_words_of_an_import(workspace: Settings) -> None:
    name = own_strategy(workspace.home, PLAIN.replace("width > edge", "width > heigth"))
    with pytest.raises(InputError) as imported:
        parameter_space(strategies.load(name))
    with pytest.raises(InputError) as read:
        source_of(name).declared_space()
    assert str(read.value) == str(imported.value)


def test_reading_gives_the_hash_of_the_loaded_strategy(workspace: Settings) -> None:
    name = own_strategy(workspace.home, PLAIN)
    before = strategy_sha256(source_of(name))
    assert strategy_sha256(LoadedStrategy(name, strategies.load(name), strategies.source_file(name)).source) == before
