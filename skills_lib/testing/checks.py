"""Checks that every strategy must pass: `twokey check-strategy` and the tests of a strategy call the same functions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from backtesting import Strategy

from skills_lib.backtest.kernel.run import signals_of
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.strategy import SignalStrategy, parameter_space
from skills_lib.domain.bars import Bars, BoolArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.parameters import Untyped
from skills_lib.domain.signals import Signals
from skills_lib.testing.bars import random_walk
from skills_lib.testing.cases import Case, cases_of
from skills_lib.validate.stages.lookahead import truncation

CUTS = 48
"""Places at which later bars are removed, for each combination of parameters."""
_OWN_NEXT = "the strategy has its own next() instead of signals()"


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check. `passed` is None where nothing could be checked; `reason` says what was found.

    `detail`: further lines about a failure, or empty.
    """

    name: str
    passed: bool | None
    reason: str
    detail: str = ""

    def require(self) -> None:
        """Raise AssertionError if the check failed, for use in a test."""
        if self.passed is False:
            raise AssertionError(f"{self.name}: {self.reason}")


def check_parameters(strategy: type[Strategy]) -> Check:
    """Whether the defaults are allowed together, and each is among the values that a sweep tries."""
    name = "parameters"
    try:
        space = parameter_space(strategy)
        space.resolve(space.defaults())
    except InputError as error:
        return Check(name, False, str(error))
    outside = [key for key, parameter in space.parameters.items() if parameter.default not in parameter.values()]
    if outside:
        return Check(name, False, f"The default of {', '.join(outside)} is not among the values of its sweep.")
    without_range = [key for key, parameter in space.parameters.items() if isinstance(parameter, Untyped)]
    note = f"; {', '.join(without_range)} without a range" if without_range else ""
    return Check(name, True, f"{len(space.parameters)} with defaults that are allowed and part of a sweep{note}.")


def check_look_ahead(strategy: type[Strategy]) -> Check:
    """Whether signals at a bar stay the same when the bars after it are removed or replaced.

    Passing says that nothing later mattered at the places tested, not that nothing ever can.
    """
    name, cuts, entries = "look-ahead", 0, 0
    for case in cases_of(strategy):
        before, half = case.bars.digest(), case.bars[: len(case.bars) // 2]
        try:
            unaware = _columns(strategy, half, case)
            found = truncation(strategy, case.bars, case.parameters, BacktestSettings(), CUTS)
            aware = _columns(strategy, half, case)
            entries += _entries(strategy, case)
        except InputError as error:
            return Check(name, False, f"{error} It was run {case}.")
        if not found.passed:
            return Check(name, False, f"{found.words} {_sentence(case)}")
        if case.bars.digest() != before:
            return Check(name, False, f"It changes the bars that it is given, {case}. Copy an array before writing.")
        if unaware != aware:
            return Check(
                name, False, f"It remembers bars from one call to the next, {case}. Keep no state in the class."
            )
        cuts += found.cuts
    if not entries:
        return Check(name, None, "It never entered on generated bars, so no signals could be compared.")
    return Check(name, True, f"Nothing changed before any of {cuts:,} cuts when later bars were removed or replaced.")


def check_sides(strategy: type[Strategy]) -> Check:
    """Whether a bar never enters both sides or enters and exits one, and stops are on the losing side of the close."""
    name = "sides"
    if not issubclass(strategy, SignalStrategy):
        return Check(name, None, f"Not applicable: {_OWN_NEXT}.")
    bars = 0
    for case in cases_of(strategy):
        try:
            signals = signals_of(strategy, case.bars, case.parameters)
        except InputError as error:
            return Check(name, False, f"{error} It was run {case}.")
        for problem, where in _contradictions(signals, case):
            if where.any():
                return Check(name, False, f"Bar {int(where.argmax())} {problem}. {_sentence(case)}")
        bars += len(case.bars)
    return Check(name, True, f"No contradictory entry, exit or stop on {bars:,} generated bars.")


def check_direction(strategy: type[Strategy]) -> Check:
    """Whether `direction` drops the entries of the opposite side and keeps the others."""
    name = "direction"
    direction = parameter_space(strategy).parameters.get("direction")
    if direction is None or not issubclass(strategy, SignalStrategy):
        return Check(name, None, "Not applicable: there is no parameter direction.")
    bars = random_walk(3_000, seed=1)
    found = {
        str(option): signals_of(strategy, bars, parameter_space(strategy).defaults() | {"direction": option})
        for option in direction.values()
    }
    if not found.keys() >= {"both", "long", "short"}:
        return Check(name, None, "Not applicable: direction is not one of both, long and short.")
    both, long, short = found["both"], found["long"], found["short"]
    kept = np.array_equal(long.long_entry, both.long_entry) and np.array_equal(short.short_entry, both.short_entry)
    if not kept or long.short_entry.any() or short.long_entry.any():
        return Check(name, False, "direction does more, or less, than drop the entries of the opposite side.")
    return Check(name, True, "It drops the entries of the opposite side and keeps the others.")


def check_fills(strategy: type[Strategy]) -> Check:
    """Whether a backtest runs, and opens each trade one bar after a signal in its direction."""
    name, bars = "backtest", random_walk(3_000, seed=2)
    parameters = parameter_space(strategy).defaults()
    try:
        trades = run_reference(strategy, bars, parameters, BacktestSettings()).execution.trades
    except InputError as error:
        return Check(name, False, str(error))
    if not len(trades):
        return Check(name, None, f"It runs and never trades on {len(bars):,} generated bars.")
    if issubclass(strategy, SignalStrategy):
        signals, signalled = signals_of(strategy, bars, parameters), trades["entry_bar"].to_numpy() - 1
        buys = trades["size"].to_numpy() > 0
        if not np.where(buys, signals.long_entry[signalled], signals.short_entry[signalled]).all():
            return Check(name, False, "A trade was not opened at the bar after a signal in its direction.")
    return Check(name, True, f"It runs, with {len(trades)} trades on {len(bars):,} generated bars.")


StrategyCheck = Callable[[type[Strategy]], Check]

CHECKS: tuple[StrategyCheck, ...] = (
    check_parameters,
    check_look_ahead,
    check_sides,
    check_direction,
    check_fills,
)
"""Every check of the code; none of them uses stored candles or results, and all use the same cases every time."""


def _contradictions(signals: Signals, case: Case) -> list[tuple[str, BoolArray]]:
    close, nan = case.bars.close, np.full(len(case.bars), np.nan)
    stop = nan if signals.stop_price is None else signals.stop_price
    return [
        ("enters long and short", signals.long_entry & signals.short_entry),
        ("enters and exits long", signals.long_entry & signals.long_exit),
        ("enters and exits short", signals.short_entry & signals.short_exit),
        ("has the stop of a long entry at or above the close", signals.long_entry & (stop >= close)),
        ("has the stop of a short entry at or below the close", signals.short_entry & (stop <= close)),
    ]


def _columns(strategy: type[Strategy], bars: Bars, case: Case) -> dict[str, bytes]:
    """The signals on `bars` as bytes by name; none of a strategy with its own next()."""
    if not issubclass(strategy, SignalStrategy):
        return {}
    return {name: column.tobytes() for name, column in signals_of(strategy, bars, case.parameters).columns().items()}


def _entries(strategy: type[Strategy], case: Case) -> int:
    """Bars with an entry; 1 for a strategy with its own next(), whose orders are compared instead."""
    if not issubclass(strategy, SignalStrategy):
        return 1
    signals = signals_of(strategy, case.bars, case.parameters)
    return int((signals.long_entry | signals.short_entry).sum())


def _sentence(case: Case) -> str:
    text = str(case)
    return f"{text[0].upper()}{text[1:]}."
