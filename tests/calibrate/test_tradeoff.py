"""Thresholds can be varied afterwards, and naive rules use the same markets."""

import pytest

from skills_lib.calibrate.market_run import MarketTask, market_tasks
from skills_lib.calibrate.model import MarketResult
from skills_lib.calibrate.naive import NAIVE
from skills_lib.calibrate.pipeline import CalibrationRequest
from skills_lib.calibrate.planted import STRENGTHS
from skills_lib.calibrate.tradeoff import scaled_rules, shares, trade_off, without_each
from skills_lib.domain.errors import InputError
from skills_lib.validate.verdict import Thresholds, VerdictFigures, judge_validation

GOOD = {
    "walk_forward_sharpe": 1.8,
    "positive_windows_pct": 86.0,
    "max_drawdown_pct": -9.0,
    "trades": 160,
    "random_entry_p": 0.004,
    "deflated_sharpe": 0.97,
    "pbo": 0.05,
    "double_cost_return_pct": 30.0,
    "lookahead_passed": True,
    "starts_agree": True,
    "audit_passed": True,
}


def market(number: int, sharpe: float | None = None, in_sample: float = 1.2, **changed: float | None) -> MarketResult:
    """A market with good figures except those in `changed`."""
    judged = VerdictFigures.model_validate(GOOD | changed)
    verdict = judge_validation(judged)
    return MarketResult(
        kind="garch" if sharpe is None else "planted",
        number=number,
        sharpe=sharpe,
        label=verdict.label,
        rejected_by=[rule.name for rule in verdict.rules if not rule.passed],
        judged=judged,
        in_sample_sharpe=in_sample,
    )


NULL = [
    market(0, walk_forward_sharpe=-0.5, positive_windows_pct=43.0, random_entry_p=0.6, deflated_sharpe=0.01),
    market(1, walk_forward_sharpe=1.1, deflated_sharpe=0.4, in_sample=0.9),
    market(2, deflated_sharpe=0.9, in_sample=2.2),
]
PLANTED = [market(0, 2.5), market(1, 2.5, max_drawdown_pct=-24.0), market(2, 2.5, in_sample=0.7)]
RESULTS = [*NULL, *PLANTED]


def test_strictness_1_is_the_verdict_itself() -> None:
    assert scaled_rules(1.0) == Thresholds()
    (found,) = [t for t in trade_off(RESULTS, Thresholds()) if t.strictness == 1]
    assert found.null.passes == sum(result.label == "PASS" for result in NULL) == 0
    assert found.planted[0].passes == sum(result.label == "PASS" for result in PLANTED) == 2


def test_stricter_rules_never_pass_more() -> None:
    curve = trade_off(RESULTS, Thresholds())
    assert [t.null.passes for t in curve] == sorted((t.null.passes for t in curve), reverse=True)
    assert [t.planted[0].passes for t in curve] == sorted((t.planted[0].passes for t in curve), reverse=True)
    assert curve[0].null.passes == 2
    assert curve[-1].planted[0].passes == 0


def test_a_curve_read_back_from_its_file_is_the_same() -> None:
    for point in trade_off(RESULTS, Thresholds()):
        assert type(point).model_validate_json(point.model_dump_json()) == point


def test_dropping_a_rule_lets_through_what_it_alone_refused() -> None:
    names = [rule.name for rule in judge_validation(VerdictFigures()).rules]
    found = {dropped.rule: (dropped.null.passes, dropped.planted[0].passes) for dropped in without_each(RESULTS, names)}
    assert found["Deflated Sharpe ratio"] == (2, 2)
    assert found["Drawdown"] == (0, 3)
    assert found["Trades"] == (0, 2)


def test_a_market_that_could_not_be_examined_never_passes() -> None:
    broken = market(0, 2.5).model_copy(update={"error": "too few bars", "label": "FAIL"})
    assert trade_off([*NULL, broken], Thresholds())[0].planted[0].passes == 0
    assert without_each([*NULL, broken], ["Drawdown"])[0].planted[0].passes == 0


def test_naive_rules_pass_what_they_say() -> None:
    null, planted = shares(RESULTS, NAIVE["in_sample_sharpe"].passes)
    assert (null.passes, planted[0].passes) == (2, 2)
    null, planted = shares(RESULTS, NAIVE["walk_forward"].passes)
    assert (null.passes, planted[0].passes) == (2, 3)


def test_null_kinds_have_equal_shares_and_every_strength_its_markets() -> None:
    wanted = list(market_tasks(30, 4, (1.0, 2.5)))
    assert [sum(task.kind == kind for task in wanted) for kind in ("garch", "bootstrap", "flipped")] == [10, 10, 10]
    assert [sum(task.sharpe == sharpe for task in wanted) for sharpe in (1.0, 2.5)] == [4, 4]
    assert len(set(wanted)) == 38
    assert set(market_tasks(6, 2, (1.0,))) < set(wanted) | {MarketTask("planted", 0, 1.0)}


def test_planted_markets_default_to_a_quarter_of_the_markets() -> None:
    assert CalibrationRequest.parse(200, None, [], 1) == CalibrationRequest(200, 50, tuple(STRENGTHS), 1)
    assert CalibrationRequest.parse(2, None, [2.5, 2.5], 1) == CalibrationRequest(2, 1, (2.5,), 1)


@pytest.mark.parametrize(
    ("markets", "planted", "sharpes", "messages"),
    [
        (0, None, [], "markets=0 is not allowed"),
        (10, 0, [], "planted=0 is not allowed"),
        (10**11, None, [], "markets=100000000000 is not allowed. Give 1 to 1,000,000."),
        (10, 5, [2.4], r"Planted Sharpe 2.4 is not available. Allowed: 0.5, 1, 1.5, 2, 2.5, 3"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(
    markets: int, planted: int | None, sharpes: list[float], messages: str
) -> None:
    with pytest.raises(InputError, match=messages):
        CalibrationRequest.parse(markets, planted, sharpes, 1)
