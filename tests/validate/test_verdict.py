"""PASS needs every rule and every figure, and each miss says what would change it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.validate.verdict import Thresholds, ValidationVerdict, VerdictFigures, judge_validation

GOOD: dict[str, Any] = {
    "walk_forward_sharpe": 1.4,
    "positive_windows_pct": 80.0,
    "max_drawdown_pct": -12.0,
    "trades": 240,
    "random_entry_p": 0.004,
    "deflated_sharpe": 0.98,
    "pbo": 0.08,
    "double_cost_return_pct": 21.0,
    "lookahead_passed": True,
    "starts_agree": True,
    "audit_passed": True,
}
MISSES: dict[str, Any] = {
    "walk_forward_sharpe": 1.0,
    "positive_windows_pct": 70.0,
    "max_drawdown_pct": -20.0,
    "trades": 50,
    "random_entry_p": 0.05,
    "deflated_sharpe": 0.95,
    "pbo": 0.2,
    "double_cost_return_pct": 0.0,
    "lookahead_passed": False,
    "starts_agree": False,
    "audit_passed": False,
}
ORDER = ("PASS", "CAUTION", "FAIL")


def judged(**changes: Any) -> ValidationVerdict:
    return judge_validation(VerdictFigures(**GOOD | changes))


def test_figures_that_meet_every_rule_pass() -> None:
    found = judged()
    assert found.label == "PASS"
    assert len(found.rules) == len(GOOD)
    assert all(rule.passed and rule.level == "PASS" for rule in found.rules)


@pytest.mark.parametrize("name", GOOD)
def test_a_figure_at_its_threshold_does_not_pass(name: str) -> None:
    found = judged(**{name: MISSES[name]})
    assert found.label != "PASS"
    assert sum(not rule.passed for rule in found.rules) == 1


@pytest.mark.parametrize(
    ("name", "unknown"),
    [*((name, None) for name in GOOD), *((name, float("nan")) for name, good in GOOD.items() if type(good) is float)],
)
def test_an_unavailable_figure_never_passes(name: str, unknown: float | None) -> None:
    found = judged(**{name: unknown})
    assert found.label != "PASS"
    assert any("unavailable; counts as not passed" in text for text in found.would_change)
    assert [rule.value for rule in found.rules if not rule.passed] == [None]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"walk_forward_sharpe": 0.99}, "CAUTION"),
        ({"walk_forward_sharpe": 0.5}, "CAUTION"),
        ({"walk_forward_sharpe": 0.49}, "FAIL"),
        ({"positive_windows_pct": 60.0}, "CAUTION"),
        ({"positive_windows_pct": 59.0}, "FAIL"),
        ({"walk_forward_sharpe": 0.6, "positive_windows_pct": 65.0}, "CAUTION"),
        ({"walk_forward_sharpe": 0.6, "pbo": 0.3}, "FAIL"),
        ({"max_drawdown_pct": -25.0}, "FAIL"),
        ({"max_drawdown_pct": 25.0}, "FAIL"),
        ({"starts_agree": False}, "CAUTION"),
        ({"lookahead_passed": False}, "FAIL"),
    ],
)
def test_the_worst_level_is_the_label(changes: dict[str, Any], label: str) -> None:
    assert judged(**changes).label == label


def test_look_ahead_is_a_fail_without_any_other_figure() -> None:
    assert judge_validation(VerdictFigures(lookahead_passed=False)).label == "FAIL"


def test_without_any_figure_the_verdict_is_fail() -> None:
    assert judge_validation(VerdictFigures()).label == "FAIL"


def test_the_margin_is_the_distance_to_the_good_side() -> None:
    margins = {rule.name: rule.margin for rule in judged(pbo=0.3).rules}
    assert margins["Walk-forward mean Sharpe"] == pytest.approx(0.4)
    assert margins["Drawdown"] == pytest.approx(8.0)
    assert margins["Probability of backtest overfitting"] == pytest.approx(-0.1)
    assert margins["No look-ahead"] is None


def test_each_miss_says_what_it_needs() -> None:
    found = judged(walk_forward_sharpe=0.3, trades=12, audit_passed=False)
    assert found.would_change == [
        "Data without fatal defects: not met; required for PASS.",
        "Walk-forward mean Sharpe is 0.3: PASS needs more than 1, CAUTION at least 0.5.",
        "Trades is 12: PASS needs more than 50.",
    ]


def test_a_pass_says_what_would_end_it_the_smallest_margins_first() -> None:
    found = judged(positive_windows_pct=71.0)
    assert found.would_change[:2] == [
        "Positive windows is 71 %: 70 % or less would end PASS.",
        "Deflated Sharpe ratio is 0.98: 0.95 or less would end PASS.",
    ]
    assert len(found.would_change) == 3


def test_what_is_not_covered_follows_from_what_was_done() -> None:
    plain = " ".join(judged().not_covered)
    for word in ("Capacity", "Exchange failure", "Funding", "Other assets", "sealed"):
        assert word in plain
    covered = " ".join(judged(funding_charged=True, assets=4, sealed_opened=True).not_covered)
    for word in ("Funding", "Other assets", "sealed"):
        assert word not in covered
    assert "bear, calm" in " ".join(judged(unseen_regimes=["bear, calm (3 days)"]).not_covered)
    assert "synthetic" in " ".join(judged(synthetic=True).not_covered)


def test_other_thresholds_are_obeyed_and_shown() -> None:
    rules = Thresholds(min_trades=300, max_pbo=0.05)
    found = judge_validation(VerdictFigures(**GOOD), rules)
    assert {rule.name: rule.threshold for rule in found.rules if not rule.passed} == {
        "Trades": 300,
        "Probability of backtest overfitting": 0.05,
    }


@given(
    name=st.sampled_from([name for name, value in GOOD.items() if not isinstance(value, bool)]),
    share=st.floats(0, 1),
    figures=st.fixed_dictionaries(
        {
            "walk_forward_sharpe": st.floats(-3, 1.4),
            "positive_windows_pct": st.floats(0, 80),
            "max_drawdown_pct": st.floats(-100, -12),
            "trades": st.floats(0, 240).map(int),
            "random_entry_p": st.floats(0.004, 1),
            "deflated_sharpe": st.floats(0, 0.98),
            "pbo": st.floats(0.08, 1),
            "double_cost_return_pct": st.floats(-100, 21),
        }
    ),
)
def test_a_better_figure_never_makes_a_worse_label(name: str, share: float, figures: dict[str, Any]) -> None:
    """Figures on the worse side of good ones; moving one towards its good value is an improvement."""
    worse, best = figures[name], GOOD[name]
    better = type(best)(worse + share * (best - worse))
    before, after = (judged(**figures | {name: value}).label for value in (worse, better))
    assert ORDER.index(after) <= ORDER.index(before)


def test_a_verdict_survives_json() -> None:
    found = judged(pbo=None)
    assert ValidationVerdict.model_validate_json(found.model_dump_json()) == found
    holds = [rule.value for rule in found.rules if rule.comparison == "is"]
    assert holds == [True, True, True]
    assert all(isinstance(value, bool) for value in holds)
