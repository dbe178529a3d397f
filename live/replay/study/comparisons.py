"""Controls and fill models of a variant, and what changes along thresholds, depth, latency and fees."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from live.money import SCALE, plain
from live.replay.figures.intervals import mean_intervals
from live.replay.figures.trades import TradeFigures
from live.replay.figures.verdict import rank_of
from live.replay.study.lines import line_of, net_mean, point_of
from live.replay.study.model import AxisPoint, AxisSensitivity, Controls, VariantLine
from live.replay.study.parallel import ReplayRunner
from live.replay.study.runs import TapeRun
from live.replay.study.variants import (
    Place,
    SignalChoice,
    SignalKind,
    Variant,
    depths,
    latencies,
    median_ms,
    thresholds,
    with_fills,
    with_signal,
)
from live.simulator.core.fill_models import FillModel

_HIGHEST_FEE_BPS = 6.0
_FEE_POINTS = 13


class ControlArguments(NamedTuple):
    """How many runs of random entries there are, how late the late signal is, and the seed of the intervals."""

    random_runs: int
    delay_ns: int
    seed: int


def controls_of(
    runner: ReplayRunner, base: Variant, runs: Sequence[TapeRun], figures: TradeFigures, asked: ControlArguments
) -> Controls:
    """Random entries, the inverted and the late signal, each under every fill model, beside the strategy.

    The rank is among random runs under the fill model of `base`; under the others one random run is made.
    """
    random_choices = [
        SignalChoice(kind=SignalKind.RANDOM, seed=number, books_per_entry=_books_per_entry(runs, figures))
        for number in range(asked.random_runs)
    ]
    by_lot = runner.all_tapes([with_signal(base, one) for one in random_choices], "Random entries")
    means = tuple(net_mean(one) for one in by_lot)
    signals = {
        SignalKind.STRATEGY: SignalChoice(),
        SignalKind.RANDOM: random_choices[0],
        SignalKind.INVERTED: SignalChoice(kind=SignalKind.INVERTED),
        SignalKind.DELAYED: SignalChoice(kind=SignalKind.DELAYED, delay_ns=asked.delay_ns),
    }
    known = {(SignalKind.STRATEGY, base.fills): runs, (SignalKind.RANDOM, base.fills): [*_joined(by_lot)]}
    lines = _under_each_fill_model(runner, base, signals, known, asked.seed)
    return Controls(
        lines=lines,
        rank=rank_of(figures.net_bps.mean, means),
        random_net_bps=means,
        delay_s=asked.delay_ns / 1e9,
    )


def sensitivity_of(runner: ReplayRunner, base: Variant, runs: Sequence[TapeRun], seed: int) -> AxisSensitivity:
    """What the means become along each axis; the runs of `base` are its point on all of them."""
    axes = [list(thresholds(base)), list(depths(base)), list(latencies(base))]
    places = [place for axis in axes for place in axis]
    found = iter(runner.all_tapes([place.variant for place in places], "Sensitivity"))
    settings = base.settings
    own = (
        (settings.buy_ratio / SCALE, plain(settings.buy_ratio)),
        (float(settings.depth), str(settings.depth)),
        (median_ms(base.latency), f"{median_ms(base.latency):g} ms"),
    )
    threshold, depth, latency = (
        _axis(axis, found, point_of(runs, *at, seed, chosen=True), seed) for axis, at in zip(axes, own, strict=True)
    )
    return AxisSensitivity(threshold=threshold, depth=depth, latency=latency, fee=tuple(_fees(runs, seed)))


def _axis(
    places: Sequence[Place], found: Iterator[Sequence[TapeRun]], own: AxisPoint, seed: int
) -> tuple[AxisPoint, ...]:
    points = [point_of(next(found), place.x, place.text, seed) for place in places]
    return tuple(sorted([*points, own], key=lambda point: point.x))


def _fees(runs: Sequence[TapeRun], seed: int) -> Iterator[AxisPoint]:
    """The same trades at other fees: gross and funding stay, every fill pays the fee of its value."""
    columns = [run.trades.columns() for run in runs]
    fees = np.linspace(0, _HIGHEST_FEE_BPS, _FEE_POINTS).tolist()
    figures = [one.sample(one.gross_bps, *(one.at_fee(fee_bps) for fee_bps in fees)) for one in columns]
    gross, *nets = mean_intervals(figures, seed)
    trades = sum(len(run.trades.round_trips) for run in runs)
    for fee_bps, net in zip(fees, nets, strict=True):
        yield AxisPoint(x=fee_bps, text=f"{fee_bps:g}", trades=trades, gross_bps=gross, net_bps=net)


def _books_per_entry(runs: Sequence[TapeRun], figures: TradeFigures) -> float:
    """How rarely random entries must be drawn to be as many as the strategy's, which enters only without a position."""
    free = sum(run.usable_books for run in runs) * (1 - figures.time_in_market)
    return max(1.0, free / max(1, figures.trades))


def _under_each_fill_model(
    runner: ReplayRunner,
    base: Variant,
    signals: dict[SignalKind, SignalChoice],
    known: dict[tuple[SignalKind, FillModel], Sequence[TapeRun]],
    seed: int,
) -> dict[str, dict[str, VariantLine]]:
    wanted = [(kind, model) for kind in signals for model in FillModel if (kind, model) not in known]
    variants = [with_fills(with_signal(base, signals[kind]), model) for kind, model in wanted]
    made = dict(zip(wanted, runner.all_tapes(variants, "Controls and fill models"), strict=True))
    every = known | made
    return {kind.value: {model.value: line_of(every[kind, model], seed) for model in FillModel} for kind in signals}


def _joined(runs: Sequence[Sequence[TapeRun]]) -> Iterator[TapeRun]:
    for one in runs:
        yield from one
