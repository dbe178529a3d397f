"""Judges one in-sample run: SOLID, MIXED or WEAK, with reasons."""

from collections.abc import Iterator

from skills_lib.backtest.metrics import Figures
from skills_lib.backtest.model import RunVerdict
from skills_lib.domain.costs import Costs

MIN_SHARPE = 1.0
MAX_DRAWDOWN_PCT = 20.0
MIN_TRADES = 30
MIN_COST_COVER = 2.0


def judge(metrics: Figures, costs: Costs) -> RunVerdict:
    """SOLID: no objection. MIXED: one or two objections. WEAK: three or more, or a loss."""
    reasons = list(_objections(metrics, costs))
    loses = (metrics["return_pct"] or 0.0) <= 0
    if loses or len(reasons) >= 3:
        return RunVerdict(label="WEAK", reasons=reasons)
    if reasons:
        return RunVerdict(label="MIXED", reasons=reasons)
    return RunVerdict(
        label="SOLID",
        reasons=["Return above buy and hold; Sharpe, drawdown, number of trades and margin over costs all pass."],
    )


def _objections(metrics: Figures, costs: Costs) -> Iterator[str]:
    if not metrics["trades"]:
        yield "No trades, so nothing was tested."
        return
    yield from _return_objections(metrics)
    yield from _risk_objections(metrics)
    if (trades := metrics["trades"]) < MIN_TRADES:
        yield f"{trades} trades are fewer than {MIN_TRADES}: too few to distinguish skill from luck."
    yield from _cost_objections(metrics, costs)


def _return_objections(metrics: Figures) -> Iterator[str]:
    earned, held = metrics["return_pct"] or 0.0, metrics["buy_hold_return_pct"] or 0.0
    if earned <= 0:
        yield f"Loses {-earned:.1f} % after costs."
    if earned < held:
        yield f"Return {earned:.1f} % is below buy and hold's {held:.1f} %."


def _risk_objections(metrics: Figures) -> Iterator[str]:
    sharpe, drawdown_pct = metrics["sharpe"], -(metrics["max_drawdown_pct"] or 0.0)
    if sharpe is None or sharpe < MIN_SHARPE:
        yield f"Sharpe {'undefined' if sharpe is None else f'{sharpe:.2f}'} is below {MIN_SHARPE:g}."
    if drawdown_pct > MAX_DRAWDOWN_PCT:
        yield f"Drawdown {drawdown_pct:.1f} % is deeper than {MAX_DRAWDOWN_PCT:g} %."


def _cost_objections(metrics: Figures, costs: Costs) -> Iterator[str]:
    break_even, charged = metrics["break_even_cost_bps"] or 0.0, costs.side_bps()
    if break_even <= 0:
        yield f"No edge before costs: break-even cost is {break_even:.1f} bps per side."
    elif break_even < charged:
        yield f"Costs exceed the edge: break-even at {break_even:.1f} bps per side, {charged:.1f} are charged."
    elif break_even < MIN_COST_COVER * charged:
        yield f"Thin edge: break-even at {break_even:.1f} bps per side, under twice the {charged:.1f} charged."
