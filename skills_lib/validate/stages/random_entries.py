"""Tests the timing of entries: compares a run with the same trades placed at random times.

Number, sides, durations, exposures and costs of the trades stay the same; their order and times are random, without
overlap. Only the time in the market differs.
"""

from typing import NamedTuple, Self

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.domain.bars import Bars, BoolArray, FloatArray, IntArray
from skills_lib.domain.costs import Costs
from skills_lib.domain.models import FrozenModel
from skills_lib.validate.stages.percentiles import Histogram, Percentiles

_ELEMENTS_AT_ONCE = 32_768
"""Samples × trades worked on together: fits into a processor's cache."""
_TIE = 1e-9
"""Relative tolerance below which totals are equal, so that rounding does not count as skill."""
LIMITS = (
    "Tests only whether entry times were better than random in this market, not whether the search was overfitted. "
    "If exits depend on prices, durations carry information about the outcome: below about 300 trades, p is too small "
    "for a strategy that takes profits and holds losses, too large for the reverse."
)


class RandomEntries(FrozenModel):
    """Observed total return compared with that of random entries.

    `p`: (1 + samples at least as good) / (1 + samples), so never 0; None without trades. Returns are compounded net
    profit in percent of the starting cash. `overlapping`: the strategy held several trades at once, so random ones may
    overlap too. `limits`: what the figures do not show.
    """

    p: float | None
    samples: int
    seed: int
    trades: int
    observed_return_pct: float
    null_return_pct: Percentiles | None
    null_histogram: Histogram | None
    overlapping: bool
    limits: str = LIMITS


class _Trades(NamedTuple):
    """Arrays with one element per trade. `bars`: from entry to exit; `width`: bars in which no other trade may begin.

    `enters_at_close`, `leaves_at_close`: filled at the bar's close or inside it rather than at its open.
    `exposure`: notional as a share of equity before the trade, signed; `cost`: all costs as a share of notional.
    """

    entry_bar: IntArray
    bars: IntArray
    width: IntArray
    enters_at_close: BoolArray
    leaves_at_close: BoolArray
    exposure: FloatArray
    cost: FloatArray
    net: FloatArray

    @classmethod
    def of(cls, execution: Execution, bars: Bars, costs: Costs) -> Self:
        table = execution.trades
        entered, left = (table[name].to_numpy(dtype=np.int64) for name in ("entry_bar", "exit_bar"))
        size, pnl, exit_price = (table[name].to_numpy(dtype=np.float64) for name in ("size", "pnl", "exit_price"))
        raw_entry = execution.raw_entry_price(costs)
        notional = np.abs(size) * raw_entry
        before = execution.cash + np.cumsum(pnl) - pnl
        at_close, out_at_close = _differ(raw_entry, bars.open[entered]), _differ(exit_price, bars.open[left])
        return cls(
            entry_bar=entered,
            bars=left - entered,
            width=left - entered + (out_at_close & ~at_close),
            enters_at_close=at_close,
            leaves_at_close=out_at_close,
            exposure=np.divide(size * raw_entry, before, out=np.zeros(len(size)), where=before > 0),
            cost=(execution.gross_pnl(costs) - pnl) / notional,
            net=np.divide(pnl, before, out=np.zeros(len(size)), where=before > 0),
        )


def random_entries(execution: Execution, bars: Bars, costs: Costs, samples: int = 1000, seed: int = 0) -> RandomEntries:
    """Place the trades of `execution` at random on its `bars`, after its warm-up."""
    trades = _Trades.of(execution, bars, costs)
    observed = float(np.prod(np.maximum(1 + trades.net, 0))) - 1
    shown = {"samples": samples, "seed": seed, "trades": len(trades.net), "observed_return_pct": observed * 100}
    if not len(trades.net):
        return RandomEntries(p=None, null_return_pct=None, null_histogram=None, overlapping=False, **shown)
    first = min(execution.first_bar + 1, int(trades.entry_bar.min()))
    overlapping = bool(trades.width.sum() > len(bars) - first)
    null = _null_returns(trades, bars, first, overlapping, samples, np.random.default_rng(seed))
    return RandomEntries(
        p=(1 + int(np.count_nonzero(null >= observed - _TIE * (1 + abs(observed))))) / (1 + samples),
        null_return_pct=Percentiles.of(null * 100),
        null_histogram=Histogram.of(null * 100),
        overlapping=overlapping,
        **shown,
    )


def _null_returns(
    trades: _Trades, bars: Bars, first: int, overlapping: bool, samples: int, rng: np.random.Generator
) -> FloatArray:
    """float64[samples]: total returns of the trades at random times from bar `first` on."""
    places = _places_anywhere if overlapping else places_without_overlap
    prices, available = _prices(bars), len(bars) - first
    at_once = max(1, _ELEMENTS_AT_ONCE // len(trades.net))
    parts = (places(trades.width, available, min(at_once, samples - done), rng) for done in range(0, samples, at_once))
    return np.concatenate([_total_returns(trades, prices, order, starts + first) for order, starts in parts])


def places_without_overlap(
    widths: IntArray, available: int, samples: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """int64[samples, trades] twice: the order of the trades, and the bar each begins at; all end within `available`.

    `widths`: bars each trade takes, together at most `available`. Free bars are split at sorted uniform positions, so
    all gaps between trades have the same distribution.
    """
    order = rng.permuted(np.tile(np.arange(len(widths)), (samples, 1)), axis=1)
    width, free = widths[order], available - int(widths.sum())
    gaps = np.sort((rng.random(order.shape) * (free + 1)).astype(np.int64), axis=1)
    return order, gaps + np.cumsum(width, axis=1) - width


def _places_anywhere(
    widths: IntArray, available: int, samples: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """As `places_without_overlap`, but each trade is placed independently."""
    order = np.tile(np.arange(len(widths)), (samples, 1))
    return order, (rng.random(order.shape) * np.maximum(available - widths + 1, 1)).astype(np.int64)


def _differ(filled: FloatArray, price: FloatArray) -> BoolArray:
    """Whether fills differ from prices by more than the rounding of the executor's units."""
    return np.abs(filled - price) > 1e-9 * price


def _prices(bars: Bars) -> FloatArray:
    """Open and close of each bar in turn, then the last close for exits at the open after the last bar."""
    return np.append(np.column_stack([bars.open, bars.close]), [bars.close[-1]] * 2)


def _total_returns(trades: _Trades, prices: FloatArray, order: IntArray, starts: IntArray) -> FloatArray:
    """float64[samples]: compounded net return of the trades in `order`, begun at bars `starts`."""
    entered = 2 * starts + trades.enters_at_close[order]
    left = 2 * (starts + trades.bars[order]) + trades.leaves_at_close[order]
    move = prices[left] / prices[entered] - 1
    exposure = trades.exposure[order]
    net = exposure * move - np.abs(exposure) * trades.cost[order]
    total: FloatArray = np.maximum(1 + net, 0).prod(axis=1) - 1
    return total
