"""Runs of one variant on all tapes as one line of the report."""

from collections.abc import Sequence

import numpy as np

from live.replay.figures.trades import TapeTrades, gross_and_net
from live.replay.study.model import AxisPoint, VariantLine
from live.replay.study.runs import TapeRun


def trades_of(runs: Sequence[TapeRun]) -> list[TapeTrades]:
    """The trades of each tape."""
    return [run.trades for run in runs]


def line_of(runs: Sequence[TapeRun], seed: int) -> VariantLine:
    """Gross and net means of the trades of all runs; no block crosses from one run to another."""
    gross, net = gross_and_net([run.trades.columns() for run in runs], seed)
    return VariantLine(trades=sum(len(run.trades.round_trips) for run in runs), gross_bps=gross, net_bps=net)


def net_mean(runs: Sequence[TapeRun]) -> float | None:
    """The net mean of the trades of all runs in bps; None without a trade."""
    nets = np.concatenate([np.empty(0), *(run.trades.columns().net_bps for run in runs)])
    return float(nets.mean()) if len(nets) else None


def point_of(runs: Sequence[TapeRun], x: float, text: str, seed: int, chosen: bool = False) -> AxisPoint:
    """The same at a place of an axis."""
    line = line_of(runs, seed)
    return AxisPoint(x=x, text=text, chosen=chosen, trades=line.trades, gross_bps=line.gross_bps, net_bps=line.net_bps)
