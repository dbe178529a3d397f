"""Tests whether a result depends on exact prices, by adding noise to the prices a strategy sees.

The strategy sees noisy prices and trades at the true ones. Filling it at the noisy close it acted on would favour
every strategy that buys dips, because noise reverts.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from skills_lib.backtest.kernel.inputs import KernelInputs, prepare_inputs
from skills_lib.backtest.kernel.run import signals_of, unsupported_reason
from skills_lib.backtest.kinds import gives_signals
from skills_lib.backtest.metrics import measure
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import BPS
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.signals import Signals
from skills_lib.validate.stages.percentiles import Percentiles

if TYPE_CHECKING:
    from backtesting import Strategy

    from skills_lib.backtest.strategy import SignalStrategy

SIZES_BPS = (1.0, 5.0, 20.0)
LIMITS = (
    "Shows whether signals depend on small price differences; a strategy fitted to the large moves of this history is "
    "not affected."
)


class NoiseLevel(FrozenModel):
    """Runs with noise of one size. `runs`: those that were possible; figures are None if none was."""

    size_bps: float
    runs: int
    sharpe: Percentiles | None
    return_pct: Percentiles | None
    positive_share: float | None


class Noise(FrozenModel):
    """The same run on true prices, and with noise on what the strategy sees.

    `size_bps`: standard deviation of the random factor on the four prices of each bar. `trades_at`: the fill prices; a
    strategy with its own next() sees the prices it trades at. `limits`: what the figures do not show.
    """

    samples: int
    seed: int
    sharpe: float | None
    return_pct: float | None
    levels: tuple[NoiseLevel, ...]
    trades_at: Literal["true prices", "noisy prices"]
    limits: str = LIMITS


def price_noise(
    strategy: "type[Strategy]",
    bars: Bars,
    parameters: dict[str, Value],
    settings: BacktestSettings,
    sizes_bps: Sequence[float] = SIZES_BPS,
    samples: int = 20,
    seed: int = 0,
) -> Noise:
    """Run `strategy` on `bars` as they are and `samples` times for each size of noise.

    The kernel is used where it supports the strategy, else the reference.

    Raises:
        InputError: the strategy cannot run on the true prices.
    """
    rng = np.random.default_rng(seed)
    seen = [bars, *(noisy(bars, size, rng) for size in sizes_bps for _ in range(samples))]
    rows = _rows(strategy, bars, seen, parameters, settings)
    levels = rows[1:].reshape(len(sizes_bps), samples, -1)
    return Noise(
        samples=samples,
        seed=seed,
        sharpe=_figure(rows[0], "sharpe"),
        return_pct=_figure(rows[0], "return_pct"),
        levels=tuple(_level(size, found) for size, found in zip(sizes_bps, levels, strict=True)),
        trades_at="true prices" if gives_signals(strategy) else "noisy prices",
    )


def noisy(bars: Bars, size_bps: float, rng: np.random.Generator) -> Bars:
    """`bars` with each bar's four prices multiplied by one log-normal factor, so that it remains a valid bar."""
    factor = np.exp(rng.normal(0, size_bps * BPS, len(bars)))
    return replace(bars, **{name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")})


def _rows(
    strategy: "type[Strategy]",
    bars: Bars,
    seen: Sequence[Bars],
    parameters: dict[str, Value],
    settings: BacktestSettings,
) -> FloatArray:
    """float64[len(seen), METRICS]; nan where a noisy run is impossible."""
    if gives_signals(strategy) and unsupported_reason(strategy, settings) is None:
        return _kernel_rows(strategy, prepare_inputs(bars, settings), seen, parameters)
    found, settings = [], settings.with_unit_for(bars)
    for number, view in enumerate(seen):
        try:
            found.append(_reference_row(strategy, bars, view, parameters, settings))
        except InputError:
            if not number:
                raise
            found.append([np.nan] * len(COLUMNS))
    return np.array(found)


def _kernel_rows(
    strategy: "type[SignalStrategy]", prepared: KernelInputs, seen: Sequence[Bars], parameters: dict[str, Value]
) -> FloatArray:
    from skills_lib.backtest.kernel.batch import Batch, warm_up
    from skills_lib.backtest.kernel.runner import Runner

    jobs, ready, whole = Batch(len(seen)), [], Span(0, len(prepared.bars))
    for number, view in enumerate(seen):
        try:
            signals = signals_of(strategy, view, parameters)
            jobs.add(signals, warm_up(strategy.__name__, signals, whole))
            ready.append(number)
        except InputError:
            if not number:
                raise
    rows = np.full((len(seen), len(COLUMNS)), np.nan)
    rows[ready], _ = Runner(prepared).run(jobs, whole)
    return rows


def _reference_row(
    strategy: "type[Strategy]", bars: Bars, view: Bars, parameters: dict[str, Value], settings: BacktestSettings
) -> list[float]:
    from skills_lib.backtest.reference.run import run_reference

    traded = view
    if gives_signals(strategy):
        strategy, traded = _seeing(strategy, view), bars
    execution = run_reference(strategy, traded, parameters, settings).execution
    return list(measure(execution, traded, settings.costs).values())


def _seeing(strategy: "type[SignalStrategy]", view: Bars) -> "type[SignalStrategy]":
    class Seeing(strategy):  # type: ignore[valid-type, misc]
        def signals(self, _bars: Bars) -> Signals:
            signals: Signals = super().signals(view)
            return signals

    Seeing.__name__ = strategy.__name__
    return Seeing


def _level(size_bps: float, rows: FloatArray) -> NoiseLevel:
    returns, sharpes = (_finite(rows[:, COLUMNS[name]]) for name in ("return_pct", "sharpe"))
    return NoiseLevel(
        size_bps=size_bps,
        runs=len(returns),
        sharpe=Percentiles.of(sharpes) if len(sharpes) else None,
        return_pct=Percentiles.of(returns) if len(returns) else None,
        positive_share=float(np.mean(returns > 0)) if len(returns) else None,
    )


def _finite(values: FloatArray) -> FloatArray:
    return values[np.isfinite(values)]


def _figure(row: FloatArray, name: str) -> float | None:
    value = float(row[COLUMNS[name]])
    return value if np.isfinite(value) else None
