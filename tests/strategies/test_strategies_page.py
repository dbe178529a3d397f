"""docs/trading-strategies.md agrees with the code."""

import re
from pathlib import Path

import numpy as np
import pytest

import strategies
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference import run_reference
from skills_lib.backtest.report.describe import describe
from skills_lib.settings import Settings
from tests.strategies.generated_bars import BUNDLED, NAMES, walk

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "trading-strategies.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\S[^\n]*)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))


def described(name: str) -> str:
    """The docs of a strategy: a section for a bundled one, a separate page for any other."""
    return SECTIONS[name] if name in BUNDLED else (DOCS / "strategies" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_and_parameter_is_described_with_its_default_and_range(name: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (.+?) \| .+ \|$", described(name), flags=re.MULTILINE)
    expected = [
        (
            p.name,
            f"{p.default:g}" if isinstance(p.default, float) else str(p.default),
            re.split("from |one of ", p.allowed)[1],
        )
        for p in describe(name, strategies.load(name)).parameters
    ]
    assert rows == expected
    assert "**Loses**" in described(name)


def test_no_strategy_is_described_that_is_not_there() -> None:
    assert sorted(title for title in SECTIONS if "_" in title) == BUNDLED


def test_the_example_on_the_page_loads_and_trades(workspace: Settings) -> None:
    example = re.search(r'```python\n("""Momentum.*?)```', PAGE, flags=re.DOTALL)
    assert example
    workspace.strategies_dir.mkdir()
    (workspace.strategies_dir / "momentum.py").write_text(example[1], encoding="utf-8")
    strategy = strategies.load("momentum")
    assert describe("momentum", strategy).executor == "signals"
    trades = run_reference(strategy, walk(1_000, seed=3), {}, BacktestSettings()).execution.trades
    assert len(trades) > 3
    assert (np.sign(trades["size"]) == 1).all()
