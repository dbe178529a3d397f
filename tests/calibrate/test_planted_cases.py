"""Planted cases are judged by what is planted: another truth under the same name gets another judgement."""

import pytest

import strategies
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.calibrate.planted import STRENGTHS
from skills_lib.calibrate.planted_cases import BEST_OF_200, CASES, EDGE, LOOK_AHEAD, JudgedCase, PlantedCase, judge_case

SUBJECT = LoadedStrategy("sma_crossover", strategies.load("sma_crossover"), strategies.source_file("sma_crossover"))
RULE = "No look-ahead"


def judged(case: PlantedCase) -> JudgedCase:
    return judge_case(SUBJECT, case)


@pytest.mark.parametrize("bars", [1, 2])
def test_a_look_ahead_of_any_length_is_found_by_the_truncation_test(bars: int) -> None:
    found = judged(LOOK_AHEAD._replace(bars_ahead=bars))
    assert RULE in found.missed
    assert (found.label, found.judged_rightly) == ("FAIL", True)
    assert "Look-ahead:" in found.why


def test_without_the_look_ahead_the_same_case_is_not_accused_of_one() -> None:
    found = judged(LOOK_AHEAD._replace(bars_ahead=0))
    assert RULE not in found.missed
    assert "Look-ahead" not in found.why
    assert found.claim["sharpe"] < 1 < judged(LOOK_AHEAD).claim["sharpe"]  # type: ignore[operator]


def test_an_edge_that_was_taken_out_of_its_market_is_no_longer_passed() -> None:
    found = judged(EDGE._replace(drift=0.0))
    assert found.label != "PASS"
    assert found.judged_rightly, "right is FAIL or CAUTION now"
    assert RULE not in found.missed


def test_an_edge_planted_where_luck_was_is_no_longer_rejected() -> None:
    planted = BEST_OF_200._replace(name="luck", drift=STRENGTHS[3.0].drift, share=EDGE.share, pick="plateau")
    found = judged(planted)
    assert (found.name, found.label, found.tries) == ("luck", "PASS", 200)
    assert found.judged_rightly


def test_a_wrong_judgement_is_called_wrong() -> None:
    found = judged(EDGE._replace(drift=0.005))
    assert found.right == ("PASS",)
    assert found.label == "FAIL", "an edge too small to see in four years"
    assert not found.judged_rightly


def test_a_look_ahead_in_a_market_with_an_edge_is_right_only_where_it_is_found() -> None:
    assert EDGE._replace(bars_ahead=1).right == ("FAIL",)
    assert [case.right for case in CASES] == [("FAIL",), ("FAIL", "CAUTION"), ("PASS",)]
