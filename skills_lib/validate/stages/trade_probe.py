"""Look-ahead of a strategy with its own next(): through its trades on the reference, for it gives no signals.

What was decided at the close of the last known bar is filled at the open of the next one, so that bar is drawn with
its real open; of what happens on it, only fills at that open are compared.
"""

import numpy as np
import pandas as pd
from backtesting import Strategy

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.runner import run_reference
from skills_lib.domain.bars import Bars, BoolArray, FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.validate.stages.probe import Cut, Difference, at_changes, drawn_after

_MOST_CUTS = 10
_MOST_STARTS = 2
_STRENGTHS = (-3.0, -0.3)

Fills = dict[tuple[str, int, int], float]
"""Units filled, by what it is ("entry", "exit"), bar, and the entry's bar."""


class TradeProbe:
    """Compares fills; each question is a run of backtesting.py."""

    on = "trades"

    def __init__(
        self, strategy: type[Strategy], bars: Bars, parameters: dict[str, Value], settings: BacktestSettings
    ) -> None:
        self._strategy, self._bars, self._parameters, self._settings = strategy, bars, parameters, settings
        self._whole = self._run(bars)

    def cuts(self, count: int, rng: np.random.Generator) -> list[Cut]:
        bars, trades = len(self._bars), self._whole.trades
        kinds = [np.unique(_column(trades, name) - 1) for name in ("entry_bar", "exit_bar")]
        decided = [kind[(kind > 0) & (kind < bars - 3)] for kind in kinds]
        wanted = min(count, _MOST_CUTS)
        places = [bars // 2, *(cut.known for cut in at_changes(decided, wanted - 1, rng))]
        numbered = enumerate(place for place in places if 1 < place < bars - 2)
        return [Cut(place, _STRENGTHS[number % len(_STRENGTHS)]) for number, place in numbered]

    def starts(self, count: int) -> int:
        return min(count, _MOST_STARTS)

    def compare(self, cut: Cut) -> Difference | None:
        found = self._run(drawn_after(self._bars, cut, keeps_next_open=True))
        before, after = self._fills(self._whole, cut.known), self._fills(found, cut.known)
        wrong = [key for key in before.keys() | after.keys() if not _same(before.get(key), after.get(key))]
        if not wrong:
            return None
        return Difference(min(bar for _, bar, _ in wrong), tuple(sorted({name for name, _, _ in wrong})))

    def decisions_from(self, start: int) -> tuple[BoolArray, BoolArray]:
        part = self._run(self._bars[start:])
        size = len(self._bars) - start
        whole, later = _entered(self._whole.trades, start, size), _entered(part.trades, 0, size)
        return np.sign(whole) != np.sign(later), (whole != 0) | (later != 0)

    def is_repeatable(self) -> bool:
        again = self._run(self._bars).trades
        return bool(self._whole.trades.equals(again))

    def _run(self, bars: Bars) -> Execution:
        return run_reference(self._strategy, bars, self._parameters, self._settings).execution

    def _fills(self, execution: Execution, known: int) -> Fills:
        """Everything filled on the known bars or at the open of the one after."""
        trades, opening = execution.trades, self._bars.open[known]
        entered, left = _column(trades, "entry_bar"), _column(trades, "exit_bar")
        at_open = np.isclose(execution.raw_entry_price(self._settings.costs), opening, rtol=1e-9)
        left_at_open = np.isclose(trades["exit_price"].to_numpy(dtype=np.float64), opening, rtol=1e-9)
        size = trades["size"].to_numpy(dtype=np.float64)
        fills: Fills = {}
        for name, bar, counted in (
            ("entry", entered, (entered < known) | ((entered == known) & at_open)),
            ("exit", left, (left < known) | ((left == known) & left_at_open)),
        ):
            for i in np.flatnonzero(counted):
                key = (name, int(bar[i]), int(entered[i]))
                fills[key] = fills.get(key, 0.0) + size[i]
        return fills


def _same(before: float | None, after: float | None) -> bool:
    return before is not None and after is not None and bool(np.isclose(before, after, rtol=1e-9, atol=0.0))


def _column(trades: pd.DataFrame, name: str) -> IntArray:
    return trades[name].to_numpy(dtype=np.int64)


def _entered(trades: pd.DataFrame, start: int, bars: int) -> FloatArray:
    """Units entered on each bar from `start` on."""
    out = np.zeros(bars)
    bar = _column(trades, "entry_bar") - start
    inside = bar >= 0
    np.add.at(out, bar[inside], trades["size"].to_numpy(dtype=np.float64)[inside])
    return out
