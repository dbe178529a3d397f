"""Runs at the edges of what a page must show, and one page of every verb."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from skills_lib.backtest.model import BacktestResult, BacktestSettings
from skills_lib.backtest.pipeline import run_backtest
from skills_lib.backtest.results import RunStore
from skills_lib.backtest.strategy import LoadedStrategy, SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import preset
from skills_lib.domain.signals import Signals, never
from tests.backtest.market import candles_of, hourly_bars, random_walk
from tests.counting import counter_beside

HOSTILE = "</style></script><script>window.hit=1</script>\"'&{{7*7}}"


class Alternates(SignalStrategy):
    """Long and short by turns, twelve bars each."""

    def signals(self, bars: Bars) -> Signals:
        turn = np.arange(len(bars)) % 24
        return Signals(turn == 1, turn == 13, never(len(bars)), never(len(bars)))


class BuysOnce(SignalStrategy):
    """One long position from the second bar on."""

    def signals(self, bars: Bars) -> Signals:
        entry = never(len(bars)).copy()
        entry[min(1, len(bars) - 1)] = True
        return Signals(entry, never(len(bars)), never(len(bars)), never(len(bars)))


class NeverTrades(SignalStrategy):
    """Has no signal."""

    def signals(self, bars: Bars) -> Signals:
        none = never(len(bars))
        return Signals(none, none, none, none)


def _scaled(bars: Bars, factor: float) -> Bars:
    columns = (getattr(bars, name) * factor for name in ("open", "high", "low", "close"))
    return Bars(bars.open_time_ns, *columns, bars.volume, bars.interval_ns)


WALK = random_walk(3_000, seed=4)
TRADES = {"many trades": 250, "no trades": 0, "one trade": 1, "ruined": 1, "perfect": 1, "two bars": 0, "funding": 250}
CASES: dict[str, tuple[type[SignalStrategy], Callable[[], Bars], dict[str, object]]] = {
    "many trades": (Alternates, lambda: WALK, {}),
    "no trades": (NeverTrades, lambda: WALK, {}),
    "one trade": (BuysOnce, lambda: WALK, {}),
    "ruined": (
        BuysOnce,
        lambda: hourly_bars([100.0, 100, 100, 99, 60, 1, 1, 1, 1]),
        {"leverage": 5, "costs": preset("free")},
    ),
    "perfect": (BuysOnce, lambda: hourly_bars(np.linspace(100, 300, 3_000).tolist()), {"costs": preset("free")}),
    "two bars": (BuysOnce, lambda: hourly_bars([100.0, 110.0]), {}),
    "two bars without a trade": (NeverTrades, lambda: hourly_bars([100.0, 100.0]), {}),
    "one bar in a month": (Alternates, lambda: random_walk(31 * 24 + 1, seed=5), {}),
    "huge numbers": (Alternates, lambda: _scaled(WALK, 1e9), {"cash": 1e15}),
    "tiny prices": (Alternates, lambda: _scaled(WALK, 1e-9), {"cash": 100}),
    "rebates": (Alternates, lambda: WALK, {"costs": preset("free").model_copy(update={"commission_bps": -1.0})}),
    "funding": (Alternates, lambda: WALK, {"costs": preset("usdm-taker")}),
    "flat market": (Alternates, lambda: hourly_bars([100.0] * 500), {"costs": preset("free")}),
}


def run_case(name: str, root: Path, strategy_name: str = "edge") -> BacktestResult:
    """The stored run of a case."""
    strategy, bars, given = CASES[name]
    store = RunStore(root / "results")
    settings = BacktestSettings(**given)  # type: ignore[arg-type]
    subject = LoadedStrategy(strategy_name, strategy, Path(__file__))
    return run_backtest(subject, candles_of(bars()), {}, settings, store, counter_beside(store.root))
