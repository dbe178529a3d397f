"""Null markets: nothing to find that outlives its costs.

GARCH markets are martingales: no rule on past prices earns anything before costs. Bootstrapped and flipped ones keep
what real hours remember of each other within a day, which is worth less than it costs to trade, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skills_lib.calibrate.garch import garch_bars, hourly
from skills_lib.calibrate.moves import Moves
from skills_lib.domain.bars import Bars
from skills_lib.domain.time import DAY_NS
from skills_lib.validate.stages.monte_carlo import stationary_indices

NullKind = Literal["garch", "bootstrap", "flipped"]
NULL_KINDS: tuple[NullKind, ...] = ("garch", "bootstrap", "flipped")

YEARS = 4
HOURS = YEARS * 365 * 24
"""Bars of one market: four years of hours, as the verdict's power is asked for."""
MEAN_BLOCK = 24
"""Bars of a bootstrapped block on average: a day keeps its own volatility, and no trend outlives it."""


@dataclass(frozen=True, slots=True, eq=False)
class AssetHistory:
    """Real hourly bars, or the sample's, that bootstrapped and flipped markets are made from; a symbol or a file."""

    name: str
    bars: Bars


def null_market(kind: NullKind, histories: Sequence[AssetHistory], number: int, rng: np.random.Generator) -> Bars:
    """The null market `number` of its kind; real histories take turns."""
    if kind == "garch":
        return garch_bars(rng, HOURS)
    history = histories[number % len(histories)]
    if kind == "bootstrap":
        return bootstrapped(history.bars, rng, HOURS)
    return flipped(history.bars, rng)


def bootstrapped(bars: Bars, rng: np.random.Generator, hours: int) -> Bars:
    """`hours` bars from blocks of real ones, drift removed: the stationary bootstrap (Politis & Romano 1994).

    Real shapes of bars, fat tails and a day's clustering stay; trends and cycles longer than a day do not.
    """
    moves = Moves.of(bars).without_drift()
    histories = -(-hours // len(moves))
    index = stationary_indices(len(moves), MEAN_BLOCK, histories, rng).ravel()[:hours]
    return moves.taken(index).bars(hourly(hours), bars.interval_ns)


def flipped(bars: Bars, rng: np.random.Generator) -> Bars:
    """The real bars, drift removed, with all moves of a UTC day mirrored or not, by the toss of a coin a day.

    Every volatility, hole and time of day is the real one. Simple returns are mirrored, so that each bar's expected
    return is exactly zero; mirrored logarithms would drift upwards by half the variance. A drift left in would be a
    direction that the hours of a day share, and a fast rule could follow it.
    """
    day = bars.open_time_ns[1:] // DAY_NS
    signs = rng.choice(np.array([-1.0, 1.0]), size=int(day[-1] - day[0]) + 1)
    return Moves.of(bars).without_drift().mirrored(signs[day - day[0]]).bars(bars.open_time_ns[1:], bars.interval_ns)
