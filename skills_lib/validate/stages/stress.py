"""Stress tests costs and delay: 0, 1, 2 and 3 × costs, signals one bar late, and the break-even cost."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from skills_lib.backtest.figures import Figures
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import Costs
from skills_lib.domain.models import FrozenModel
from skills_lib.validate.stages.break_even import search_root
from skills_lib.validate.stages.stress_runs import CostRunner, RunAtCosts, open_cost_runner

if TYPE_CHECKING:
    from backtesting import Strategy

MULTIPLES = (0.0, 1.0, 2.0, 3.0)
TOLERANCE_BPS = 0.01
_MAX_RUNS = {"kernel": 24, "reference": 5}
_MAX_COST_BPS = 999.0
"""backtesting.py takes no commission of 10 % or more."""
_WIPED_OUT = 1e-6
_SCALED = ("commission_bps", "commission_per_unit", "commission_minimum", "spread_bps", "slippage_bps")

LIMITS = (
    "Costs are the same rate on every bar; real costs rise when everybody trades. One bar of delay is a harsh test for "
    "a strategy that holds for a few bars and no test for one that holds for weeks."
)


class CostLevel(FrozenModel):
    """One run. `multiple`: of all costs; `side_bps`: cost per side in bps, without funding and fixed charges."""

    multiple: float
    side_bps: float
    metrics: Figures


class CostStress(FrozenModel):
    """Runs on one span at several costs; `metrics` as in METRICS.

    `delayed_one_bar`: costs as charged, every signal, size, stop and target one bar later; None if the strategy has
    its own next(). `break_even_cost_bps`: cost per side at which the net return is 0, with position sizes recomputed
    and funding as charged, to 0.01 bps on the kernel and interpolated over a few runs on the reference; 0 if it loses
    without costs, None if there are no trades or if it still earns at 999 bps, which `notes` report.
    `survives_double`: net return above 0 at 2 × costs.
    """

    levels: list[CostLevel]
    delayed_one_bar: Figures | None
    break_even_cost_bps: float | None
    survives_double: bool | None
    notes: list[str]
    limits: str = LIMITS


def stress(
    strategy: "type[Strategy]", bars: Bars, parameters: Mapping[str, Value], settings: BacktestSettings, span: Span
) -> CostStress:
    """Run `strategy` on `bars[span]` at several costs; earlier bars warm up the indicators.

    The kernel is used where it supports the strategy, whatever `settings.engine`: both engines give the same trades.

    Raises:
        InputError: the strategy cannot run on this span.
    """
    costs = settings.costs
    runner = open_cost_runner(strategy, bars, dict(parameters), settings, span)
    levels = [_level(runner.on_time, scaled(costs, multiple), multiple) for multiple in MULTIPLES]
    doubled = levels[MULTIPLES.index(2.0)].metrics["return_pct"]
    break_even = _break_even(runner, costs)
    return CostStress(
        levels=levels,
        delayed_one_bar=runner.one_bar_late(costs) if runner.one_bar_late else None,
        break_even_cost_bps=break_even,
        survives_double=None if doubled is None else doubled > 0,
        notes=list(_notes(strategy, costs, runner, bool(levels[0].metrics["trades"]) and break_even is None)),
    )


def scaled(costs: Costs, multiple: float) -> Costs:
    """All costs times `multiple`. Above 1 × a rebate is set to 0 rather than multiplied."""
    changed = {name: getattr(costs, name) * multiple for name in (*_SCALED, "funding_bps_per_8h")}
    if costs.commission_maximum_bps is not None:
        changed["commission_maximum_bps"] = costs.commission_maximum_bps * multiple or None
    if costs.commission_bps < 0 and multiple > 1:
        changed["commission_bps"] = 0.0
    name = costs.name if multiple == 1 else f"{multiple:g} × {costs.name}"
    return costs.model_copy(update=changed | {"name": name})


def at_side_cost(costs: Costs, side_bps: float) -> Costs:
    """Costs of `side_bps` per side, all commission; funding as in `costs`."""
    plain = dict.fromkeys(_SCALED, 0.0) | {"commission_maximum_bps": None, "commission_bps": side_bps}
    return costs.model_copy(update=plain | {"name": f"{side_bps:g} bps per side"})


def _level(run: RunAtCosts, costs: Costs, multiple: float) -> CostLevel:
    return CostLevel(multiple=multiple, side_bps=costs.side_bps(), metrics=run(costs))


def _break_even(runner: CostRunner, costs: Costs) -> float | None:
    """The cost per side at which log(final / initial equity), almost linear in the cost, is 0."""
    free = runner.on_time(at_side_cost(costs, 0.0))
    if not free["trades"]:
        return None
    start = _growth(free)
    if start <= 0:
        return 0.0
    with_trades_fixed = free["break_even_cost_bps"] or 0.0
    return search_root(
        lambda side_bps: _growth(runner.on_time(at_side_cost(costs, side_bps))),
        start,
        guess=max(with_trades_fixed, 10 * TOLERANCE_BPS),
        highest=_MAX_COST_BPS,
        tolerance=TOLERANCE_BPS,
        max_runs=_MAX_RUNS[runner.engine],
    )


def _growth(figures: Figures) -> float:
    return math.log(max(1 + (figures["return_pct"] or 0.0) / 100, _WIPED_OUT))


def _notes(strategy: "type[Strategy]", costs: Costs, runner: CostRunner, never_crosses: bool) -> Iterator[str]:
    if never_crosses:
        yield f"No break-even cost: the strategy still earns at {_MAX_COST_BPS:g} bps per side."
    if runner.one_bar_late is None:
        yield f"Delay not tested: {strategy.__name__} has its own next(), so its signals cannot be delayed."
    if costs.commission_bps < 0:
        yield "Rebates are not multiplied: above 1 × costs they are set to 0."
    if not costs.is_proportional:
        yield "Minimum, cap and charge per unit were multiplied too; the break-even cost is proportional to notional."
