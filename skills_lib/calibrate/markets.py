"""Makes null markets, on which no strategy has an edge after costs.

GARCH markets are martingales: no rule on past prices earns anything before costs. Bootstrapped and flipped ones retain
only the dependence of real hours within a day, which is worth less than the costs of trading it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skills_lib.calibrate.garch import garch_bars, hourly
from skills_lib.calibrate.moves import Moves
from skills_lib.domain.bars import Bars
from skills_lib.domain.resampling import stationary_indices
from skills_lib.domain.time import DAY_NS

NullKind = Literal["garch", "bootstrap", "flipped"]
NULL_KINDS: tuple[NullKind, ...] = ("garch", "bootstrap", "flipped")

YEARS = 4
HOURS = YEARS * 365 * 24
"""Bars of one market: four years of hours, the length for which power is reported."""
MEAN_BLOCK = 24
"""Mean length of a bootstrapped block in bars: retains the volatility of a day, removes longer trends."""


@dataclass(frozen=True, slots=True, eq=False)
class AssetHistory:
    """Hourly bars that bootstrapped and flipped markets are made from. `name`: a symbol or a file."""

    name: str
    bars: Bars


def null_market(kind: NullKind, histories: Sequence[AssetHistory], number: int, rng: np.random.Generator) -> Bars:
    """The null market `number` of its kind; histories are used in turn."""
    if kind == "garch":
        return garch_bars(rng, HOURS)
    history = histories[number % len(histories)]
    if kind == "bootstrap":
        return bootstrapped(history.bars, rng, HOURS)
    return flipped(history.bars, rng)


def bootstrapped(bars: Bars, rng: np.random.Generator, hours: int) -> Bars:
    """`hours` bars from blocks of real ones, drift removed: the stationary bootstrap (Politis & Romano 1994).

    Shapes of bars, fat tails and volatility clustering within a day stay; trends and cycles longer than a day do not.
    """
    moves = Moves.of(bars).without_drift()
    histories = -(-hours // len(moves))
    index = stationary_indices(len(moves), MEAN_BLOCK, histories, rng).ravel()[:hours]
    return moves.taken(index).bars(hourly(hours), bars.interval_ns)


def flipped(bars: Bars, rng: np.random.Generator) -> Bars:
    """The real bars, drift removed, with all moves of each UTC day mirrored with probability one half.

    Volatility, gaps and times of day are the real ones. Simple returns are mirrored, so that each bar's expected
    return is exactly zero; mirrored log returns would drift upwards by half the variance. A remaining drift would give
    the hours of a day a common direction, which a fast rule could follow.
    """
    day = bars.open_time_ns[1:] // DAY_NS
    signs = rng.choice(np.array([-1.0, 1.0]), size=int(day[-1] - day[0]) + 1)
    return Moves.of(bars).without_drift().mirrored(signs[day - day[0]]).bars(bars.open_time_ns[1:], bars.interval_ns)
