"""Noise changes the prices a strategy sees, not its fill prices."""

import numpy as np
import pytest
from backtesting import Strategy

from skills_lib.backtest.kernel.run import run_kernel
from skills_lib.backtest.metrics import compute_metrics
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import preset
from skills_lib.domain.errors import InputError
from skills_lib.domain.indicators import sma
from skills_lib.domain.signals import Signals
from skills_lib.validate.stages.price_noise import Noise, noisy, price_noise
from strategies.sma_crossover import SmaCrossover
from tests.backtest.market import hourly_bars
from tests.validate.markets import random_walk

FREE = BacktestSettings(costs=preset("free"))
PARAMETERS = {"fast": 10, "slow": 40}


class BuysDips(SignalStrategy):
    """Long after a drop, flat after a rise."""

    def signals(self, bars: Bars) -> Signals:
        before = np.append(bars.close[:1], bars.close[:-1])
        fell, rose, none = bars.close < before, bars.close > before, np.zeros(len(bars), dtype=np.bool_)
        return Signals(fell, none, rose, none)


class OwnNext(Strategy):  # type: ignore[misc]
    """Buys dips in its own next()."""

    def init(self) -> None:
        pass

    def next(self) -> None:
        if self.data.Close[-1] < self.data.Close[-2]:
            self.buy()
        elif self.position:
            self.position.close()


class Hairline(SignalStrategy):
    """Long while the price is slightly above its average."""

    def signals(self, bars: Bars) -> Signals:
        average = sma(bars.close, 5)
        above = bars.close > average
        none = np.zeros(len(bars), dtype=np.bool_)
        return Signals(above, none, ~above, none, indicators={"SMA": average})


def test_noisy_bars_are_valid_and_differ_by_the_requested_size() -> None:
    bars = random_walk(20_000, 1)
    seen = noisy(bars, 20, np.random.default_rng(2))
    assert (seen.high >= np.maximum(seen.open, seen.close)).all()
    assert (seen.low <= np.minimum(seen.open, seen.close)).all()
    assert np.log(seen.close / bars.close).std() * 1e4 == pytest.approx(20, rel=0.03)
    assert np.array_equal(seen.volume, bars.volume)


def test_no_noise_is_the_run_itself() -> None:
    bars = random_walk(1500, 3)
    found = price_noise(SmaCrossover, bars, PARAMETERS, BacktestSettings(), (0.0,), samples=3)
    metrics = compute_metrics(
        run_kernel(SmaCrossover, bars, PARAMETERS, BacktestSettings()), bars, BacktestSettings().costs
    )
    level = found.levels[0]
    assert level.runs == 3
    assert level.return_pct is not None
    assert level.sharpe is not None
    assert (found.return_pct, found.sharpe) == pytest.approx((metrics["return_pct"], metrics["sharpe"]))
    assert (level.return_pct.p5, level.return_pct.p95) == pytest.approx([found.return_pct] * 2)


def test_buying_dips_earns_nothing_from_the_noise_itself() -> None:
    """At a constant price every dip is noise and reverts: fills at noisy prices would earn money."""
    still, at_close = hourly_bars(np.full(600, 100.0)), FREE.model_copy(update={"trade_on_close": True})
    found = price_noise(BuysDips, still, {}, at_close, (50.0,), samples=5)
    assert found.trades_at == "true prices"
    assert found.levels[0].return_pct is not None
    assert found.levels[0].return_pct.p95 == pytest.approx(0, abs=1e-6)
    given = price_noise(OwnNext, still, {}, at_close, (50.0,), samples=2)
    assert given.trades_at == "noisy prices"
    assert given.levels[0].return_pct is not None
    assert given.levels[0].return_pct.p5 > 10


def test_the_more_noise_the_further_the_results_spread() -> None:
    bars = random_walk(3000, 4)
    found = price_noise(Hairline, bars, {}, FREE, (0.1, 100.0), samples=15, seed=5)
    spreads = [level.return_pct.p95 - level.return_pct.p5 for level in found.levels if level.return_pct]
    assert spreads[1] > 3 * spreads[0]


def test_the_same_seed_gives_the_same_noise() -> None:
    bars = random_walk(800, 6)
    assert measured(bars, seed=1) == measured(bars, seed=1)
    assert measured(bars, seed=1) != measured(bars, seed=2)


def test_the_reference_gives_the_kernels_answer() -> None:
    bars = random_walk(400, 7)
    compiled, reference = measured(bars, seed=3), measured(bars, seed=3, strategy=OnTheReference)
    assert [figure for level in reference.levels for figure in figures(level.return_pct)] == pytest.approx(
        [figure for level in compiled.levels for figure in figures(level.return_pct)]
    )


def test_a_strategy_that_cannot_run_on_the_true_prices_is_refused() -> None:
    with pytest.raises(InputError, match="fewer than the warm-up"):
        price_noise(SmaCrossover, random_walk(20, 8), PARAMETERS, FREE)


class OnTheReference(SmaCrossover):
    """The same signals with a next() of its own, which the kernel does not run."""

    def next(self) -> None:
        super().next()


def measured(bars: Bars, seed: int, strategy: type[SignalStrategy] = SmaCrossover) -> Noise:
    return price_noise(strategy, bars, PARAMETERS, BacktestSettings(), (10.0, 40.0), samples=2, seed=seed)


def figures(found: object) -> list[float]:
    assert hasattr(found, "model_dump")
    return list(found.model_dump().values())
