"""The verdict and its reasons."""

import pytest

from skills_lib.backtest.figures import Figures
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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"return_pct": 18.76, "buy_hold_return_pct": 18.83}, "Return 18.76 % is below buy and hold's 18.83 %."),
        ({"sharpe": 0.9996}, "Sharpe 0.9996 is below 1."),
        ({"max_drawdown_pct": -20.004}, "Drawdown 20.004 % is deeper than 20 %."),
        ({"break_even_cost_bps": 10.96}, "break-even at 10.96 bps per side, 11.00 are charged."),
        ({"break_even_cost_bps": 21.98}, "break-even at 21.98 bps per side, under 22.00, twice what is charged."),
        ({"break_even_cost_bps": -0.02}, "break-even cost is -0.02 bps per side."),
    ],
)
def test_two_figures_that_are_compared_read_differently(change: Figures, words: str) -> None:
    assert words in judge(GOOD | change, COSTS).reasons[0]


@pytest.mark.parametrize(
    "change",
    [
        {"return_pct": 18.799999, "buy_hold_return_pct": 18.8},
        {"sharpe": 1 - 1e-15},
        {"max_drawdown_pct": -20.000000000000004},
        {"break_even_cost_bps": 22 - 1e-13},
    ],
)
def test_a_tie_is_no_objection(change: Figures) -> None:
    assert judge(GOOD | change, COSTS).label == "SOLID"


def test_a_run_that_ends_where_it_began_is_weak_and_says_so() -> None:
    verdict = judge(GOOD | {"return_pct": 1e-14, "buy_hold_return_pct": 0.0}, COSTS)
    assert (verdict.label, verdict.reasons) == ("WEAK", ["Earns nothing after costs."])


def test_equal_gains_on_every_day_are_no_objection_though_their_sharpe_has_no_number() -> None:
    assert judge(GOOD | {"sharpe": None, "volatility_ann_pct": 0.0}, COSTS).label == "SOLID"


def test_a_loss_is_weak_however_good_the_rest() -> None:
    assert judge(GOOD | {"return_pct": -0.1, "buy_hold_return_pct": -50.0}, COSTS).label == "WEAK"


def test_three_weaknesses_are_weak() -> None:
    assert judge(GOOD | {"sharpe": 0.5, "trades": 3, "max_drawdown_pct": -40.0}, COSTS).label == "WEAK"


def test_no_trades_is_weak_and_says_so() -> None:
    verdict = judge(GOOD | {"trades": 0, "return_pct": 0.0}, COSTS)
    assert (verdict.label, verdict.reasons) == ("WEAK", ["No trades, so nothing was tested."])
