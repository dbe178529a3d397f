"""backtesting.py is imported without pandas and Bokeh, and behaves as if nothing had been left out."""

import json
import subprocess
import sys

import pytest

from tests.repository import ROOT

LOADED = (
    "import json, sys; print(json.dumps(sorted(n for n in ('backtesting', 'bokeh', 'pandas') if n in sys.modules)))"
)
CHECKS = {
    "the modules are the real ones afterwards": """
import skills_lib.backtest.strategy, pandas, backtesting._stats, backtesting._plotting, sys
assert pandas.__file__ and backtesting._stats.__file__ and backtesting._plotting.__file__
assert sys.modules["pandas"] is pandas and backtesting._plotting.plot.__module__ == "backtesting._plotting"
""",
    "a run and its plot": """
import skills_lib.backtest, tempfile, pathlib
from backtesting import Backtest, set_bokeh_output
from strategies.sma_crossover import SmaCrossover
from tests.validate.markets import random_walk
test = Backtest(random_walk(600, 1).to_frame(), SmaCrossover, cash=1e9)
stats = test.run()
assert stats["# Trades"] == len(stats["_trades"]) > 3
with tempfile.TemporaryDirectory() as folder:
    test.plot(filename=folder + "/plot.html", open_browser=False)
    assert "Bokeh" in pathlib.Path(folder, "plot.html").read_text()
""",
    "pandas imported before": """
import pandas
before = pandas.DataFrame
import skills_lib.backtest.strategy, backtesting.backtesting
assert backtesting.backtesting.pd is pandas and pandas.DataFrame is before
""",
    "backtesting imported before": """
import backtesting
before = backtesting.Strategy
import skills_lib.backtest.strategy
assert backtesting.Strategy is before and issubclass(skills_lib.backtest.strategy.SignalStrategy, before)
""",
    "an import that fails leaves the real pandas to others": """
import sys, skills_lib.backtest
sys.modules["numpy.random"] = None
try:
    import backtesting
except ImportError:
    pass
else:
    raise SystemExit("imported without numpy.random")
assert "pandas" not in sys.modules and "backtesting._stats" not in sys.modules
""",
}


def run(program: str) -> str:
    """What a new Python prints."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "what", ["import skills_lib.backtest.strategy", "import skills_lib.backtest; from backtesting import Strategy"]
)
def test_backtesting_is_imported_without_pandas_and_bokeh(what: str) -> None:
    assert json.loads(run(f"{what}\n{LOADED}")) == ["backtesting"]


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_is_different_after_it(check: str) -> None:
    run(CHECKS[check])
