"""What a user must know of the fills of a run, whichever engine made them."""

from collections.abc import Iterator

import numpy as np

from skills_lib.backtest.execution import Execution
from skills_lib.domain.bars import Bars, BoolArray, FloatArray


def fill_notes(execution: Execution, bars: Bars) -> tuple[str, ...]:
    """Sentences on liquidations, unknown orders of prices within a bar, and fills in bars without volume."""
    return tuple(_notes(execution, bars)) if len(execution.trades) else ()


def _notes(execution: Execution, bars: Bars) -> Iterator[str]:
    trades = execution.trades
    reason = trades["exit_reason"].to_numpy()
    if count := int((reason == "liquidation").sum()):
        yield f"{count} of {len(trades)} positions were liquidated: the loss reached their margin"
    if (reason == "no equity").any():
        yield "Equity was used up: the account stays at zero from there on"
    left_at_entry = (trades["entry_bar"] == trades["exit_bar"]).to_numpy() & np.isin(reason, ("stop", "target"))
    if count := int(left_at_entry.sum()):
        yield f"{count} trades reached their stop or target in the bar of entry"
    if count := int(_had_both(execution, bars).sum()):
        yield (
            f"{count} trades reached stop and target in one bar: prices within a bar have no known order, so the stop "
            "was assumed"
        )
    if count := _without_volume(execution, bars):
        yield f"{count} fills were in bars without volume: nothing was traded there at any price"


def _had_both(execution: Execution, bars: Bars) -> BoolArray:
    """Whether a stop was taken in a bar that reached the target too, after its open: bool[trades]."""
    trades = execution.trades
    bar, side = trades["exit_bar"].to_numpy(), np.where(trades["size"] > 0, 1.0, -1.0)
    best = side * np.where(side > 0, bars.high[bar], bars.low[bar])
    target, stop = (side * _column(execution, name) for name in ("target_price", "stop_price"))
    at_open = side * bars.open[bar] <= stop
    return np.asarray((trades["exit_reason"] == "stop").to_numpy() & ~at_open & (best >= target))


def _without_volume(execution: Execution, bars: Bars) -> int:
    """Fills in bars whose volume is 0; none where the data has no volume at all."""
    if not bars.volume.any():
        return 0
    fills = execution.trades[["entry_bar", "exit_bar"]].to_numpy(dtype=np.int64)
    return int((bars.volume[fills] == 0).sum())


def _column(execution: Execution, name: str) -> FloatArray:
    return execution.trades[name].to_numpy(dtype=np.float64)
