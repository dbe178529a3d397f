"""Differences between an executor's result and the oracle's, and whether floats may rightly decide otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from skills_lib.backtest.execution import Execution
from tests.oracle.executor import NO_EQUITY
from tests.oracle.model import Outcome, Trade

TOLERANCE = 1e-9
RELATIVE = ("entry_price", "exit_price", "stop_price", "target_price")
OF_SCALE = ("pnl", "commission", "funding")
SIDES = {1: "long", -1: "short"}


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, and the first bar at which it does."""

    bar: int
    text: str

    def __str__(self) -> str:
        return self.text


def compare(execution: Execution, outcome: Outcome) -> list[Difference]:
    """All differences, the earliest first; `outcome` is in base units."""
    scale = _scale(outcome)
    found = [*_in_trades(execution, outcome, scale), *_in_equity(execution, outcome, scale)]
    return sorted(found, key=lambda difference: difference.bar)


def is_undecidable(differences: list[Difference], outcome: Outcome) -> bool:
    """Whether decimals and floats may rightly part at the first difference, because a knife edge lies there.

    What is decided at a close shows at the next bar; whether equity is a rounding error or 0 may show much later.
    """
    first = differences[0].bar if differences else -1
    return any(bar <= first and (bar >= first - 1 or what == NO_EQUITY) for bar, what in outcome.knife_edges)


def described(differences: list[Difference], outcome: Outcome) -> str:
    """The differences and the oracle's knife edges, a line each."""
    edges = [f"knife edge at bar {bar}: {what}" for bar, what in outcome.knife_edges]
    return "\n".join([*map(str, differences), *edges])


def _scale(outcome: Outcome) -> float:
    notional = [abs(trade.size) * max(trade.entry_price, trade.exit_price) for trade in outcome.trades]
    return float(max([*notional, *outcome.equity]))


def _in_trades(execution: Execution, outcome: Outcome, scale: float) -> Iterator[Difference]:
    rows = [{str(name): value for name, value in row.items()} for row in execution.trades.to_dict("records")]
    for number, (row, trade) in enumerate(zip(rows, outcome.trades, strict=False)):
        yield from _in_trade(number, row, trade, scale)
    if len(rows) != len(outcome.trades):
        both = min(len(rows), len(outcome.trades))
        extra = [int(row["entry_bar"]) for row in rows[both:]] + [trade.entry_bar for trade in outcome.trades[both:]]
        yield Difference(min(extra), f"{len(rows)} trades, the oracle has {len(outcome.trades)}")


def _in_trade(number: int, row: dict[str, Any], trade: Trade, scale: float) -> Iterator[Difference]:
    wanted = fields_of(trade)
    bar = trade.exit_bar
    if row["entry_bar"] != trade.entry_bar or not _same_size(row["size"], trade, scale):
        bar = min(int(row["entry_bar"]), trade.entry_bar)
    elif row["exit_bar"] != trade.exit_bar:
        bar = min(int(row["exit_bar"]), trade.exit_bar)
    for name, value in wanted.items():
        if not _same(name, row[name], value, trade, scale):
            yield Difference(bar, f"trade {number} at bar {bar}: {name} is {row[name]}, the oracle has {value}")


def fields_of(trade: Trade) -> dict[str, Any]:
    """The fields that are compared, by the name that `Execution.trades` gives them."""
    return {
        "entry_bar": trade.entry_bar,
        "exit_bar": trade.exit_bar,
        "side": SIDES[1 if trade.size > 0 else -1],
        "exit_reason": trade.reason,
        "size": float(trade.size),
        "entry_price": float(trade.entry_price),
        "exit_price": float(trade.exit_price),
        "stop_price": _number(trade.stop),
        "target_price": _number(trade.target),
        "commission": float(trade.commission),
        "funding": float(trade.funding),
        "pnl": float(trade.pnl),
    }


def _same(name: str, found: Any, wanted: Any, trade: Trade, scale: float) -> bool:
    if name == "size":
        return _same_size(found, trade, scale)
    if name in RELATIVE:
        return bool(np.isclose(_number(found), wanted, rtol=TOLERANCE, atol=0, equal_nan=True))
    if name in OF_SCALE:
        return bool(abs(found - wanted) <= TOLERANCE * scale)
    return bool(found == wanted)


def _same_size(found: float, trade: Trade, scale: float) -> bool:
    """Equal, but for what is worth less than the tolerance: one unit more or less is a knife edge or within it."""
    wanted = float(trade.size)
    return abs(found - wanted) <= TOLERANCE * max(abs(wanted), scale / float(trade.entry_price))


def _number(level: Decimal | float | None) -> float:
    return float("nan") if level is None else float(level)


def _in_equity(execution: Execution, outcome: Outcome, scale: float) -> Iterator[Difference]:
    found, wanted = execution.equity, np.array([float(value) for value in outcome.equity])
    if len(found) != len(wanted):
        yield Difference(0, f"equity has {len(found)} bars, the oracle has {len(wanted)}")
        return
    wrong = np.flatnonzero(~(np.abs(found - wanted) <= TOLERANCE * scale))
    if len(wrong):
        bar = int(wrong[0])
        text = f"equity at bar {bar} is {found[bar]}, the oracle has {wanted[bar]}; {len(wrong)} bars differ"
        yield Difference(bar, text)
