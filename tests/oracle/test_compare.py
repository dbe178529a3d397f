"""The comparison finds what differs, and only then asks whether floats could rightly decide otherwise."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.model import BacktestSettings
from tests.oracle.compare import TOLERANCE, compare, described, fields_of, is_undecidable
from tests.oracle.draws import Case, draw_case
from tests.oracle.executor import NO_EQUITY, run
from tests.oracle.inputs import account_of, decisions_of, market_of
from tests.oracle.model import Outcome

TIERS = [(0.004, 0.0), (0.01, 4_300.0)]


class Tier:
    """A bracket of a table."""

    def __init__(self, rate: float, amount: float) -> None:
        self.rate, self.amount = rate, amount


def settings_of(case: Case) -> BacktestSettings:
    return BacktestSettings.model_validate({k: v for k, v in case.options.items() if k != "margin_tiers"})


def outcome_of(case: Case) -> Outcome:
    account = account_of(settings_of(case), [Tier(*tier) for tier in TIERS])
    return run(market_of(case.bars), decisions_of(case.signals), account)


def as_executed(outcome: Outcome, **changes: Any) -> Execution:
    """The outcome as an executor reports it, with changes to its first trade."""
    rows = [fields_of(trade) for trade in outcome.trades]
    rows[0] |= changes
    equity = np.array([float(value) for value in outcome.equity])
    return Execution(pd.DataFrame(rows), equity, cash=equity[0], first_bar=0)


SEED = next(seed for seed in range(100) if len(outcome_of(draw_case(seed, ["any"])).trades) > 3)
OUTCOME = replace(outcome_of(draw_case(SEED, ["any"])), knife_edges=[])


def test_equal_results_have_no_difference() -> None:
    assert compare(as_executed(OUTCOME), OUTCOME) == []


@pytest.mark.parametrize("name", fields_of(OUTCOME.trades[0]))
def test_a_difference_in_any_field_is_found_and_named(name: str) -> None:
    found = fields_of(OUTCOME.trades[0])[name]
    change = "other" if isinstance(found, str) else 7 if np.isnan(found) else found + 1 + abs(found) * 1e-6
    texts = [difference.text for difference in compare(as_executed(OUTCOME, **{name: change}), OUTCOME)]
    assert any(f"{name} is {change}" in text for text in texts)


def test_a_missing_trade_and_another_equity_are_found() -> None:
    whole = as_executed(OUTCOME)
    fewer = replace(whole, trades=whole.trades.iloc[:-1])
    assert [str(d) for d in compare(fewer, OUTCOME)] == [
        f"{len(OUTCOME.trades) - 1} trades, the oracle has {len(OUTCOME.trades)}"
    ]
    equity = whole.equity.copy()
    equity[2] *= 1 + 1e-6
    assert [d.bar for d in compare(replace(whole, equity=equity), OUTCOME)] == [2]
    assert len(compare(replace(whole, equity=equity[:-1]), OUTCOME)) == 1


def test_rounding_is_no_difference() -> None:
    size = float(OUTCOME.trades[0].size)
    assert compare(as_executed(OUTCOME, size=size * (1 + TOLERANCE / 10)), OUTCOME) == []


def test_only_a_knife_edge_at_the_first_difference_makes_it_undecidable() -> None:
    differences = compare(as_executed(OUTCOME, exit_reason="other"), OUTCOME)
    bar = OUTCOME.trades[0].exit_bar
    for earlier, what, wanted in [
        (0, "a", True),
        (1, "a", True),
        (2, "a", False),
        (2, NO_EQUITY, True),
        (-1, "a", False),
    ]:
        near = replace(OUTCOME, knife_edges=[(bar - earlier, what)])
        assert is_undecidable(differences, near) == wanted
        assert not is_undecidable([], near)
        assert f"knife edge at bar {bar - earlier}: {what}" in described(differences, near)


def test_drawn_cases_are_reproducible_and_add_up() -> None:
    for seed in range(200):
        case, again = draw_case(seed, ["any"]), draw_case(seed, ["any"])
        assert (case.bars.digest(), case.options) == (again.bars.digest(), again.options)
        outcome, cash = outcome_of(case), Decimal(settings_of(case).cash)
        profit = sum((trade.pnl for trade in outcome.trades), Decimal(0))
        assert outcome.equity[-1] == 0 or abs(outcome.equity[-1] - cash - profit) < Decimal("1e-15") * cash, seed
        assert min(outcome.equity) >= 0


def test_drawn_cases_reach_every_rule() -> None:
    outcomes = [outcome_of(draw_case(seed, ["any"])) for seed in range(400)]
    reasons = [trade.reason for outcome in outcomes for trade in outcome.trades]
    assert min(reasons.count(reason) for reason in ("order", "stop", "target", "liquidation", "last bar")) > 50
    assert "no equity" in reasons
    assert sum(outcome.cancelled for outcome in outcomes) > 50
    assert sum(outcome.both_reached for outcome in outcomes) > 50
