"""The decision at the close of a bar is the one on which the backtest trades at the next open."""

from typing import Any

import numpy as np
import pytest

from live.bars.decider import Decision, decide, in_process
from live.enums import Side
from live.money import SCALE
from skills_lib.backtest.kernel.run import run_kernel
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import SignalStrategy, compute_signals
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import Costs
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals, never
from skills_lib.testing.bars import from_closes, random_walk
from strategies.donchian_breakout import DonchianBreakout
from strategies.macd_trend import MacdTrend
from strategies.mean_reversion import MeanReversion
from strategies.sma_crossover import SmaCrossover

FREE = BacktestSettings(costs=Costs(name="free", commission_bps=0.0), cash=1e9, fractional_unit=1e-6)
SIDES = {"long": Side.BUY, "short": Side.SELL}


def decisions(strategy: type[SignalStrategy], bars: Bars, parameters: dict[str, Any]) -> list[Decision]:
    """The decision at each close, made of the bars up to it."""
    seen = [bars[: end + 1] for end in range(len(bars))]
    return [decide(compute_signals(strategy, known, parameters), known) for known in seen]


def traded(strategy: type[SignalStrategy], bars: Bars, parameters: dict[str, Any]) -> list[tuple[int, str, int, str]]:
    """Entry bar, side, exit bar and reason of each trade of the backtest."""
    trades = run_kernel(strategy, bars, parameters, FREE).trades
    columns = (trades[name] for name in ("entry_bar", "side", "exit_bar", "exit_reason"))
    return [(int(entry), str(side), int(left), str(why)) for entry, side, left, why in zip(*columns, strict=True)]


def wanted(bars: Bars, found: list[Decision]) -> list[tuple[int, str, int, str]]:
    """The trades of whoever follows the decisions: at the next open, with the stop of the entry within the bar."""
    trades, held, entered, stop, last = list[tuple[int, str, int, str]](), "", 0, 0.0, len(bars) - 1
    for bar in range(1, len(bars)):
        before = found[bar - 1]
        side = "long" if before.entry is Side.BUY else "short" if before.entry is Side.SELL else ""
        leaves = side != held if side else bool(held) and SIDES[held] in before.exits
        if held and leaves:
            trades.append((entered, held, bar, "signal"))
            held = ""
        if side and not held:
            held, entered, stop = side, bar, before.stop_price / SCALE
        reached = bars.low[bar] <= stop if held == "long" else bars.high[bar] >= stop
        if held and stop and reached:
            trades.append((entered, held, bar, "stop"))
            held = ""
    return [*trades, (entered, held, last, "end")] if held else trades


CASES = [
    (SmaCrossover, {"fast": 4, "slow": 10}),
    (SmaCrossover, {}),
    (MeanReversion, {"period": 10, "band_std": 1.0}),
    (MacdTrend, {}),
    (DonchianBreakout, {"entry_period": 10, "exit_period": 4, "stop_atr": 1.0}),
]


@pytest.mark.parametrize(("strategy", "parameters"), CASES)
@pytest.mark.parametrize("seed", range(2))
def test_following_the_decisions_trades_as_the_backtest_does(
    strategy: type[SignalStrategy], parameters: dict[str, Any], seed: int
) -> None:
    bars = random_walk(300, seed, start=10_000.0)
    trades = traded(strategy, bars, parameters)
    found = wanted(bars, decisions(strategy, bars, parameters))
    assert len(trades) > 2
    assert [trade[:3] for trade in found] == [trade[:3] for trade in trades]
    assert {trade[3] for trade in trades if trade[3] == "stop"} == {trade[3] for trade in found if trade[3] == "stop"}


@pytest.mark.parametrize(("strategy", "parameters"), CASES[:1] + CASES[2:3])
def test_a_decision_needs_no_more_than_the_last_bars(
    strategy: type[SignalStrategy], parameters: dict[str, Any]
) -> None:
    bars = random_walk(300, 9, start=10_000.0)
    whole = decisions(strategy, bars, parameters)
    for end in range(100, len(bars)):
        window = bars[end - 99 : end + 1]
        assert decide(compute_signals(strategy, window, parameters), window) == whole[end]


def signals_at_last(bars: Bars, **columns: Any) -> Signals:
    """Signals that are set at the last bar only."""
    set_last = np.arange(len(bars)) == len(bars) - 1
    named = {
        name: set_last for name in ("long_entry", "short_entry", "long_exit", "short_exit") if columns.pop(name, 0)
    }
    none = {name: never(len(bars)) for name in ("long_entry", "short_entry", "long_exit", "short_exit")}
    return Signals(**{**none, **named, **columns})


BARS = from_closes([100.0, 101.0, 102.0, 103.0])
FAR = np.full(4, 103.0)


@pytest.mark.parametrize(("columns", "decision"), [
    ({"long_entry": 1}, Decision(Side.BUY)),
    ({"short_entry": 1}, Decision(Side.SELL)),
    ({"long_entry": 1, "short_entry": 1, "long_exit": 1}, Decision(Side.BUY)),
    ({"long_exit": 1}, Decision(exits=(Side.BUY,))),
    ({"long_exit": 1, "short_exit": 1}, Decision(exits=(Side.BUY, Side.SELL))),
    ({}, Decision()),
    ({"long_entry": 1, "stop_price": FAR - 0.5, "target_price": FAR + 0.25, "size": 0.3},
     Decision(Side.BUY, (), 10_250_000_000, 10_325_000_000, 30_000_000)),
    ({"long_entry": 1, "stop_price": FAR, "long_exit": 1}, Decision()),
    ({"long_entry": 1, "target_price": FAR}, Decision()),
    ({"short_entry": 1, "stop_price": FAR - 1}, Decision()),
    ({"short_entry": 1, "stop_price": FAR + 1e-9, "size": np.full(4, 1e-12)},
     Decision(Side.SELL, (), 103 * SCALE, 0, 1)),
    ({"long_entry": 1, "stop_price": np.full(4, 1e-12)}, Decision(Side.BUY, (), 1)),
    ({"long_entry": 1, "stop_price": np.full(4, np.nan)}, Decision(Side.BUY)),
    ({"long_entry": 1, "indicators": {"a": np.array([np.nan, np.nan, 1.0, 1.0])}}, Decision(Side.BUY)),
    ({"long_entry": 1, "indicators": {"a": np.array([np.nan, np.nan, np.nan, 1.0])}}, Decision()),
    ({"long_entry": 1, "indicators": {"a": np.full(4, np.nan)}}, Decision()),
])  # fmt: skip
def test_what_is_decided_at_the_last_close(columns: dict[str, Any], decision: Decision) -> None:
    assert decide(signals_at_last(BARS, **columns), BARS) == decision


def test_signals_of_another_length_decide_nothing() -> None:
    with pytest.raises(InputError, match="returned 3 signals for 4 bars"):
        decide(signals_at_last(BARS[:3], long_entry=1), BARS)


def test_what_a_strategy_raises_is_handed_on() -> None:
    found: list[object] = []

    def divides(bars: Bars) -> Signals:
        raise ZeroDivisionError

    in_process(divides)(BARS, found.append)
    in_process(lambda bars: signals_at_last(bars, long_entry=1))(BARS, found.append)
    assert [type(one) for one in found] == [ZeroDivisionError, Signals]
