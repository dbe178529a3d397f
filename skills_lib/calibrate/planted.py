"""Makes planted markets: GARCH markets with a drift of changing sign, calibrated to a given Sharpe ratio.

**Planted Sharpe** is the annual Sharpe ratio (daily returns × √365, net of costs) of the best fixed point of the
searched grid on four years of such a market, averaged over enough markets to identify this point and its mean. It is
an upper bound: a search on four years must find the point first, and earns less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.calibrate.garch import HOURLY_DEVIATION, garch_bars
from skills_lib.calibrate.markets import HOURS
from skills_lib.domain.bars import Bars, FloatArray

_STRONGEST, _HALVINGS = 0.2, 11
MEAN_STAY_HOURS = 240
"""Mean time between changes of sign: ten days. The time is geometric, hence memoryless."""


@dataclass(frozen=True, slots=True)
class Strength:
    """`drift`: absolute hourly drift, in hourly standard deviations. `best`: the grid's best point for it."""

    drift: float
    best: Mapping[str, int]


STRENGTHS: Mapping[float, Strength] = MappingProxyType(
    {
        0.5: Strength(0.0404, {"fast": 44, "slow": 400}),
        1.0: Strength(0.0530, {"fast": 30, "slow": 280}),
        1.5: Strength(0.0627, {"fast": 20, "slow": 280}),
        2.0: Strength(0.0716, {"fast": 20, "slow": 195}),
        2.5: Strength(0.0798, {"fast": 20, "slow": 195}),
        3.0: Strength(0.0874, {"fast": 14, "slow": 195}),
    }
)
"""By planted Sharpe, for SMA crossover on the grid that `twokey validate` searches by default, at the default costs:
`solve_strength` on 100 markets with seed 11. 400 market years leave an error of 0.05 in each Sharpe."""


def planted_market(drift: float, rng: np.random.Generator, hours: int = HOURS) -> Bars:
    """`hours` bars whose expected hourly log return is plus or minus `drift` standard deviations, 0 on average."""
    return garch_bars(rng, hours, drift * HOURLY_DEVIATION * drift_signs(rng, hours))


def drift_signs(rng: np.random.Generator, hours: int) -> FloatArray:
    """1 or -1 for each hour, changing sign with probability 1 / MEAN_STAY_HOURS from one to the next."""
    changes = rng.random(hours) < 1 / MEAN_STAY_HOURS
    first = rng.choice(np.array([-1.0, 1.0]))
    signs: FloatArray = first * (1 - 2.0 * (np.cumsum(changes) % 2))
    return signs


def expected_sharpes(
    strategy: type[SignalStrategy],
    points: Sequence[Parameters],
    drift: float,
    markets: int,
    seed: int,
    settings: BacktestSettings,
) -> FloatArray:
    """Mean over `markets` of the four-year Sharpe of each point: float64[points]; -inf where a point was ruined.

    The same `seed` gives the same paths for every `drift`, so that the curve over drifts is smooth.
    """
    from skills_lib.backtest.sweep.kernel import KernelSweep

    total = np.zeros(len(points))
    for number in range(markets):
        bars = planted_market(drift, np.random.default_rng([seed, number]))
        rows = KernelSweep(strategy, bars, settings, threads=1).evaluate(points, Span(0, len(bars)))
        total += np.nan_to_num(rows[:, COLUMNS["sharpe"]], nan=-np.inf, posinf=np.inf)
    return total / markets


def solve_strength(
    strategy: type[SignalStrategy],
    points: Sequence[Parameters],
    sharpe: float,
    markets: int,
    seed: int,
    settings: BacktestSettings,
) -> Strength:
    """The drift at which the best of `points` has the planted `sharpe`, by bisection; it made STRENGTHS."""
    low, high = 0.0, _STRONGEST
    for _ in range(_HALVINGS):
        drift = (low + high) / 2
        found = expected_sharpes(strategy, points, drift, markets, seed, settings)
        low, high = (drift, high) if found.max() < sharpe else (low, drift)
    best = points[int(found.argmax())]
    return Strength(round((low + high) / 2, 4), {name: int(value) for name, value in best.items()})
