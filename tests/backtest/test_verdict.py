"""The verdict and its reasons."""

import pytest

from skills_lib.backtest.metrics import Figures
from skills_lib.backtest.verdict import judge
from skills_lib.domain.costs import Costs

COSTS = Costs(commission_bps=10, spread_bps=2)  # 11 bps per side
GOOD: Figures = {
    "return_pct": 80.0,
    "buy_hold_return_pct": 40.0,
    "sharpe": 1.6,
    "max_drawdown_pct": -12.0,
    "trades": 120,
    "break_even_cost_bps": 40.0,
}


def test_nothing_against_it_is_solid() -> None:
    assert judge(GOOD, COSTS).label == "SOLID"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"buy_hold_return_pct": 90.0}, "below buy and hold's 90.0 %"),
        ({"sharpe": 0.99}, "Sharpe 0.99 is below 1"),
        ({"sharpe": None}, "Sharpe undefined"),
        ({"max_drawdown_pct": -20.1}, "Drawdown 20.1 % is deeper than 20 %"),
        ({"trades": 29}, "29 trades are fewer than 30"),
        ({"break_even_cost_bps": 21.0}, "Thin edge: break-even at 21.0 bps per side"),
        ({"break_even_cost_bps": 10.0}, "Costs exceed the edge"),
        ({"break_even_cost_bps": -3.0}, "No edge before costs"),
    ],
)
def test_each_weakness_is_named_and_makes_it_mixed(change: Figures, words: str) -> None:
    verdict = judge(GOOD | change, COSTS)
    assert verdict.label == "MIXED"
    assert len(verdict.reasons) == 1
    assert words in verdict.reasons[0]


def test_a_loss_is_weak_however_good_the_rest() -> None:
    assert judge(GOOD | {"return_pct": -0.1, "buy_hold_return_pct": -50.0}, COSTS).label == "WEAK"


def test_three_weaknesses_are_weak() -> None:
    assert judge(GOOD | {"sharpe": 0.5, "trades": 3, "max_drawdown_pct": -40.0}, COSTS).label == "WEAK"


def test_no_trades_is_weak_and_says_so() -> None:
    verdict = judge(GOOD | {"trades": 0, "return_pct": 0.0}, COSTS)
    assert (verdict.label, verdict.reasons) == ("WEAK", ["No trades, so nothing was tested."])
