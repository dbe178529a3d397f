"""Runs of one variant on all tapes as one line of the report."""

from collections.abc import Sequence

from live.replay.figures.intervals import mean_interval
from live.replay.figures.trades import TapeTrades
from live.replay.study.model import AxisPoint, VariantLine
from live.replay.study.runs import TapeRun

_DRAWS = 1_000


def trades_of(runs: Sequence[TapeRun]) -> list[TapeTrades]:
    """The trades of each tape."""
    return [run.trades for run in runs]


def line_of(runs: Sequence[TapeRun], seed: int) -> VariantLine:
    """Gross and net means of the trades of all runs; no block crosses from one run to another."""
    columns = [run.trades.columns() for run in runs]
    return VariantLine(
        trades=sum(len(run.trades.round_trips) for run in runs),
        gross_bps=mean_interval([one.sample(one.gross_bps) for one in columns], seed, _DRAWS),
        net_bps=mean_interval([one.sample(one.net_bps) for one in columns], seed, _DRAWS),
    )


def point_of(runs: Sequence[TapeRun], x: float, text: str, seed: int, chosen: bool = False) -> AxisPoint:
    """The same at a place of an axis."""
    line = line_of(runs, seed)
    return AxisPoint(x=x, text=text, chosen=chosen, trades=line.trades, gross_bps=line.gross_bps, net_bps=line.net_bps)
