"""The checks that every strategy must pass: each planted fault is found and named, and no bundled strategy has one."""

import dataclasses
from typing import Any, ClassVar

import numpy as np
import pytest
from backtesting import Strategy

import strategies
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.parameters import Choice, Integer
from skills_lib.domain.signals import Signals, crosses, never
from skills_lib.testing.cases import cases_of
from skills_lib.testing.checks import (
    CHECKS,
    StrategyCheck,
    check_direction,
    check_fills,
    check_look_ahead,
    check_parameters,
    check_sides,
)
from skills_lib.testing.page import check_docstring, check_page
from tests.strategies.generated_bars import NAMES


class Cross(SignalStrategy):
    """Long above the mean of the last closes. Loses in ranging markets."""

    period = Integer(20, low=2, high=100)
    direction = Choice("both", ("both", "long", "short"))

    def signals(self, bars: Bars) -> Signals:
        up, down = crosses(bars.close, self.mean(bars.close))
        return Signals(long_entry=up, short_entry=down, long_exit=down, short_exit=up).only(self.direction)

    def mean(self, close: FloatArray) -> FloatArray:
        """The mean of the last `period` closes: float64[n], nan before there are as many."""
        out = np.full(len(close), np.nan)
        if len(close) >= self.period:
            sums = np.cumsum(np.insert(close, 0, 0.0))
            out[self.period - 1 :] = (sums[self.period :] - sums[: -self.period]) / self.period
        return out


def peeking(signals: Signals) -> Signals:
    """The signals, one bar too early."""
    moved = {name: np.append(getattr(signals, name)[1:], False) for name in ("long_entry", "short_entry")}
    return dataclasses.replace(signals, **moved)


class NextBar(Cross):
    def signals(self, bars: Bars) -> Signals:
        return peeking(super().signals(bars))


class WholeMean(Cross):
    def mean(self, close: FloatArray) -> FloatArray:
        return np.full(len(close), close.mean())


class LastClose(Cross):
    def signals(self, bars: Bars) -> Signals:
        none = never(len(bars))
        return Signals(bars.close < bars.close[-1], none, none, none)


class CentredWindow(Cross):
    def mean(self, close: FloatArray) -> FloatArray:
        return np.convolve(close, np.full(11, 1 / 11), mode="same")


class AtHighPricesOnly(Cross):
    def signals(self, bars: Bars) -> Signals:
        found = super().signals(bars)
        return peeking(found) if bars.close[0] > 10_000 else found


class OnDailyBarsOnly(Cross):
    def signals(self, bars: Bars) -> Signals:
        found = super().signals(bars)
        return peeking(found) if bars.interval_ns > 80_000 * 10**9 else found


class AtOtherParametersOnly(Cross):
    def signals(self, bars: Bars) -> Signals:
        found = super().signals(bars)
        return peeking(found) if self.period != 20 else found


class ThroughSize(Cross):
    def signals(self, bars: Bars) -> Signals:
        later = np.append(bars.close[1:], bars.close[-1])
        return dataclasses.replace(super().signals(bars), size=np.where(later > bars.close, 1.0, 0.5))


class ThroughStop(Cross):
    def signals(self, bars: Bars) -> Signals:
        stop = np.append(bars.low[1:], np.nan) * 0.99
        return dataclasses.replace(super().signals(bars), stop_price=stop).only("long")


class Scaled(Cross):
    def signals(self, bars: Bars) -> Signals:
        return dataclasses.replace(super().signals(bars), size=0.5 + 0.4 * bars.volume / bars.volume.max())


class Dice(Cross):
    def signals(self, bars: Bars) -> Signals:
        none = never(len(bars))
        return Signals(np.random.default_rng().random(len(bars)) < 0.05, none, none, none)


class Overwriting(Cross):
    def signals(self, bars: Bars) -> Signals:
        found = super().signals(bars)
        bars.volume[:] = 1.0
        return found


class Remembering(Cross):
    longest: ClassVar[dict[Any, FloatArray]] = {}

    def signals(self, bars: Bars) -> Signals:
        key = int(bars.open_time_ns[0]), bars.interval_ns, float(bars.close[0])
        if len(bars) > len(type(self).longest.get(key, ())):
            type(self).longest[key] = bars.close
        none = never(len(bars))
        later = np.append(type(self).longest[key], np.inf)[1 : len(bars) + 1]
        return Signals(later > bars.close, none, none, none)


class Crashing(Cross):
    def signals(self, bars: Bars) -> Signals:
        if self.period > 90:
            raise ValueError("too long")
        return super().signals(bars)


LOOK_AHEAD = {
    NextBar: "long_entry",
    WholeMean: "long_entry",
    LastClose: "long_entry",
    CentredWindow: "long_entry",
    AtHighPricesOnly: "_entry",
    OnDailyBarsOnly: "_entry",
    AtOtherParametersOnly: "_entry",
    ThroughSize: "size",
    ThroughStop: "stop_price",
    Scaled: "size",
    Dice: "remove random numbers",
    Overwriting: "changes the bars",
    Remembering: "remembers bars",
    Crashing: "too long",
}


@pytest.mark.parametrize("strategy", LOOK_AHEAD, ids=lambda strategy: strategy.__name__)
def test_each_kind_of_look_ahead_is_found_and_named(strategy: type[Strategy]) -> None:
    found = check_look_ahead(strategy)
    assert found.passed is False
    assert LOOK_AHEAD[strategy] in found.reason
    assert "\n" not in found.reason


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_clean_strategy_passes_every_check(check: StrategyCheck) -> None:
    assert check(Cross).passed is True


@pytest.mark.parametrize("name", NAMES)
def test_no_bundled_strategy_fails_a_check(name: str) -> None:
    for check in (*CHECKS, lambda strategy: check_docstring(name, strategy)):
        check(strategies.load(name)).require()


def test_an_admissible_combination_of_each_kind_is_checked() -> None:
    cases = list(cases_of(Cross))
    assert cases[0].parameters == {"period": 20, "direction": "both"}
    assert {case.parameters["direction"] for case in cases} == {"both", "long", "short"}
    assert {2, 100} <= {case.parameters["period"] for case in cases}
    assert len({case.bars.interval_ns for case in cases}) > 4
    assert any((np.diff(case.bars.open_time_ns) > case.bars.interval_ns).any() for case in cases)


class BothSides(Cross):
    def signals(self, bars: Bars) -> Signals:
        up, down = crosses(bars.close, self.mean(bars.close))
        return Signals(up, up, down, down)


class EnterAndExit(Cross):
    def signals(self, bars: Bars) -> Signals:
        up, down = crosses(bars.close, self.mean(bars.close))
        return Signals(up, down, up, never(len(bars)))


class StopAboveLong(Cross):
    def signals(self, bars: Bars) -> Signals:
        return dataclasses.replace(super().signals(bars), stop_price=bars.close * 1.01).only("long")


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        (BothSides, "enters long and short"),
        (EnterAndExit, "enters and exits long"),
        (StopAboveLong, "has the stop of a long entry at or above the close"),
    ],
)
def test_contradictory_signals_are_found_with_their_bar(strategy: type[Strategy], reason: str) -> None:
    found = check_sides(strategy)
    assert found.passed is False
    assert reason in found.reason


class ReversingDirection(Cross):
    def signals(self, bars: Bars) -> Signals:
        up, down = crosses(bars.close, self.mean(bars.close))
        return Signals(down, up, up, down) if self.direction == "long" else Signals(up, down, down, up)


def test_a_direction_that_does_more_than_drop_entries_is_found() -> None:
    assert check_direction(ReversingDirection).passed is False


class Silent(Cross):
    def signals(self, bars: Bars) -> Signals:
        none = never(len(bars))
        return Signals(none, none, none, none)


def test_a_strategy_that_never_enters_is_not_said_to_pass() -> None:
    assert check_look_ahead(Silent).passed is None
    assert check_fills(Silent).passed is None


class OffGrid(Cross):
    period = Integer(21, low=2, high=100, step=2)


class Contradictory(Cross):
    constraints = ("period > 50",)


def test_defaults_outside_the_sweep_or_against_a_constraint_are_found() -> None:
    assert "period" in check_parameters(OffGrid).reason
    assert check_parameters(OffGrid).passed is False
    assert "violates the constraint" in check_parameters(Contradictory).reason


class OwnNext(Strategy):  # type: ignore[misc]
    """Buys every twentieth bar."""

    def init(self) -> None: ...

    def next(self) -> None:
        if len(self.data) % 20 == 0:
            self.buy(size=0.5)
        elif len(self.data) % 20 == 10:
            self.position.close()


class OwnNextPeeking(OwnNext):
    def init(self) -> None:
        self.close = self.data.Close.copy()
        self.last = float(self.data.df.Close.iloc[-1])

    def next(self) -> None:
        if self.last > self.data.Close[-1] and not self.position:
            self.buy(size=0.5)


def test_a_strategy_with_its_own_next_is_compared_by_its_orders() -> None:
    assert check_look_ahead(OwnNext).passed is True
    assert check_look_ahead(OwnNextPeeking).passed is False
    assert check_sides(OwnNext).passed is None


PAGE = """# cross

| parameter | default | allowed | meaning |
|---|---|---|---|
| `period` | 20 | 2 to 100 | bars |
| `direction` | both | both, long, short | which entries |

**Loses** in ranging markets.
"""


@pytest.mark.parametrize(
    ("page", "passed", "reason"),
    [
        (PAGE, True, "agrees"),
        (PAGE.replace("| 20 |", "| 25 |"), False, "lacks the row | `period` | 20 | 2 to 100 |"),
        (PAGE.replace("2 to 100", "2 to 200"), False, "lacks the row"),
        (PAGE.replace("| `direction`", "| `old` | 1 | 1 to 2 | gone |\n| `direction`"), False, "has other rows"),
        (PAGE.replace("**Loses**", "Gains"), False, "does not say when the strategy loses"),
        (None, None, "There is no docs/cross.md."),
    ],
)
def test_the_table_of_a_page_is_compared_with_the_code(page: str | None, passed: bool | None, reason: str) -> None:
    found = check_page("cross", Cross, page, "docs/cross.md")
    assert found.passed is passed
    assert reason in found.reason


def test_a_failed_check_fails_a_test_with_its_reason() -> None:
    with pytest.raises(AssertionError, match="look-ahead: "):
        check_look_ahead(NextBar).require()
