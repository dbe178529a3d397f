"""Detects look-ahead: signals at a bar must not change with later bars, nor permanently with the start of history.

A cut removes later bars; every other cut where signals change replaces them with generated ones, with reversed moves
and another volume. Cuts are placed where a signal appears or ends, because a strategy that looks one bar ahead shows
it only on the last bar it receives; at the end of the data; and spread over it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.bars import Bars, BoolArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel
from skills_lib.validate.stages.order_probe import OrderProbe
from skills_lib.validate.stages.probe import Difference, Probe
from skills_lib.validate.stages.signal_probe import SignalProbe

if TYPE_CHECKING:
    from backtesting import Strategy

DIFFERING_SHARE = 0.01
"""Maximum share of decisions that may differ once a strategy has settled."""
AGREEING_DECISIONS = 100
_LISTED = 10

LIMITS = (
    "Shows that later bars change nothing at the tested cuts, not that the parameters, the strategy or the asset were "
    "chosen without having seen them."
)


class Truncation(FrozenModel):
    """Whether signals at a bar stay the same when the bars after it are cut off or replaced.

    `cuts`: cuts tested; `compared_bars`: bars compared over all cuts. `first_differing_bars`: for each failing
    cut the earliest bar with a difference, counted from 0. `differing`: the columns that differ. `refused_cuts`: cuts
    at which the strategy could not run. `on`: "signals", or "orders" if the strategy has its own next().
    Signals are compared exactly, prices, sizes and indicators to 9 digits. An indicator that changes afterwards fails
    too, because runs start where all indicators are defined.
    """

    cuts: int
    compared_bars: int
    first_differing_bars: list[int]
    differing: list[str]
    refused_cuts: int
    on: str
    passed: bool
    words: str
    limits: str = LIMITS


class WarmUp(FrozenModel):
    """Whether decisions depend on where history starts.

    A decision is a bar with a signal (or with an order, if the strategy has its own next()). `settled_after_bars`:
    bars after the start until 100 decisions in a row agree, the slowest of all starts; None if they do not settle.
    `differing_share`: share of differing decisions in the later half of the compared bars, the worst of all starts; at
    most 1 % may differ. A recursive average settles; a sum over all history does not.
    """

    starts: int
    settled_after_bars: int | None
    differing_share: float
    passed: bool
    words: str


def truncation(
    strategy: "type[Strategy]",
    bars: Bars,
    parameters: Mapping[str, Value],
    settings: BacktestSettings,
    cuts: int = 32,
    seed: int = 0,
) -> Truncation:
    """Compare the strategy's past signals with and without the bars that follow.

    A strategy with its own next() is compared by its orders on the reference, at fewer cuts, because each needs a run.

    Raises:
        InputError: the strategy cannot run on all of `bars`.
    """
    probe = open_probe(strategy, bars, dict(parameters), settings)
    places = probe.cuts(cuts, np.random.default_rng(seed))
    found: list[Difference] = []
    compared = refused = 0
    for cut in places:
        try:
            difference = probe.compare(cut)
        except InputError:
            refused += 1
            continue
        compared += cut.known
        if difference is not None:
            found.append(difference)
    return Truncation(
        cuts=len(places),
        compared_bars=compared,
        first_differing_bars=sorted(difference.bar for difference in found),
        differing=sorted({name for difference in found for name in difference.names}),
        refused_cuts=refused,
        on=probe.on,
        passed=not found and 2 * refused <= len(places),
        words=_describe(probe, found, len(places), refused),
    )


def warm_up(
    strategy: "type[Strategy]",
    bars: Bars,
    parameters: Mapping[str, Value],
    settings: BacktestSettings,
    starts: int = 8,
    seed: int = 0,
) -> WarmUp:
    """Compare decisions on all bars with decisions on histories that start later, in the first half of the bars.

    Raises:
        InputError: the strategy cannot run on all of `bars`, or on the later half of them.
    """
    probe = open_probe(strategy, bars, dict(parameters), settings)
    later = np.random.default_rng(seed).integers(1, max(len(bars) // 2, 2), probe.starts(starts))
    settled, share = 0, 0.0
    for start in later.tolist():
        differs, decided = probe.decisions_from(start)
        half = len(differs) // 2
        settled = max(settled, settled_after(differs[:half], decided[:half]))
        share = max(share, differs[half:].sum() / max(decided[half:].sum(), 1))
    passed = bool(share <= DIFFERING_SHARE)
    return WarmUp(
        starts=len(later),
        settled_after_bars=settled if passed else None,
        differing_share=float(share),
        passed=passed,
        words=f"Decisions no longer depend on where history starts after {settled} bars."
        if passed
        else f"{share:.1%} of the decisions depend on where history starts, however long it is: live they will differ.",
    )


def open_probe(
    strategy: "type[Strategy]", bars: Bars, parameters: dict[str, Value], settings: BacktestSettings
) -> Probe:
    """A probe of signals, or of orders if the strategy has its own next().

    Raises:
        InputError: the strategy cannot run on `bars`.
    """
    from skills_lib.backtest.strategy import SignalStrategy

    methods = ("init", "next", "_enter")
    if issubclass(strategy, SignalStrategy) and all(
        getattr(strategy, name) is getattr(SignalStrategy, name) for name in methods
    ):
        return SignalProbe(strategy, bars, parameters)
    return OrderProbe(strategy, bars, parameters, settings)


def settled_after(differs: BoolArray, decided: BoolArray) -> int:
    """Bars until 100 decisions in a row agree, or all remaining ones.

    Later differences come from rounding of nearly equal prices, not from the strategy's memory of its start.
    """
    places, count = np.flatnonzero(differs), np.cumsum(decided)
    before = np.concatenate(([-1], places))
    agreed = np.diff(np.concatenate(([0], count[places], [np.inf])))
    return int(before[np.flatnonzero(agreed > AGREEING_DECISIONS)[0]]) + 1


def _describe(probe: Probe, found: list[Difference], cuts: int, refused: int) -> str:
    if found and not probe.is_repeatable():
        return "The strategy gives different results on the same bars: remove random numbers from it."
    if found:
        names = ", ".join(sorted({name for difference in found for name in difference.names})[:_LISTED])
        first = min(difference.bar for difference in found)
        return f"Look-ahead: {len(found)} of {cuts} cuts change {names} before the cut, first at bar {first}."
    if 2 * refused > cuts:
        return f"Not tested: the strategy could not run at {refused} of {cuts} cuts. Extend the span."
    return f"No {probe.on} before any of {cuts} cuts changed with the bars after it."
