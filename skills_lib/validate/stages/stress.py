"""What costs and lateness do: 0, 1, 2 and 3 × costs, every signal one bar late, and the cost that eats everything."""

from collections.abc import Mapping

from backtesting import Strategy
from pydantic import BaseModel, ConfigDict

from skills_lib.backtest.evaluator import Span
from skills_lib.backtest.metrics import Figures, compute_metrics
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.spans import run_span
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import Costs

MULTIPLES = (0.0, 1.0, 2.0, 3.0)


class CostLevel(BaseModel):
    """One run. `multiple`: of all costs; `side_bps`: what a side then costs, funding aside."""

    model_config = ConfigDict(frozen=True)

    multiple: float
    side_bps: float
    metrics: Figures


class CostStress(BaseModel):
    """Runs on one span at several costs.

    `delayed_one_bar`: costs as charged, every wish one bar later; None where the strategy has its own next().
    `break_even_cost_bps`: cost per side at which the net return is 0, sizes recomputed, funding as charged; 0 where
    it loses even without costs, None where there are no trades. `survives_double`: net return above 0 at 2 × costs.
    """

    model_config = ConfigDict(frozen=True)

    levels: list[CostLevel]
    delayed_one_bar: Figures | None
    break_even_cost_bps: float | None
    survives_double: bool | None
    notes: list[str]


def stress(
    strategy: type[Strategy], bars: Bars, parameters: Mapping[str, Value], settings: BacktestSettings, span: Span
) -> CostStress:
    """Run `strategy` on `bars[span]` at several costs; earlier bars warm indicators up."""
    levels = []
    for multiple in MULTIPLES:
        costs = scaled(settings.costs, multiple)
        execution = run_span(strategy, bars, parameters, settings.model_copy(update={"costs": costs}), span)
        metrics = compute_metrics(execution, bars[span.start : span.stop], costs)
        levels.append(CostLevel(multiple=multiple, side_bps=costs.side_bps(), metrics=metrics))
    double = levels[2].metrics["return_pct"]
    return CostStress(
        levels=levels,
        delayed_one_bar=None,
        break_even_cost_bps=levels[0].metrics["break_even_cost_bps"],
        survives_double=None if double is None else double > 0,
        notes=[],
    )


def scaled(costs: Costs, multiple: float) -> Costs:
    """All costs times `multiple`."""
    names = (
        "commission_bps",
        "commission_per_unit",
        "commission_minimum",
        "spread_bps",
        "slippage_bps",
        "funding_bps_per_8h",
    )
    return costs.model_copy(update={name: getattr(costs, name) * multiple for name in names})
