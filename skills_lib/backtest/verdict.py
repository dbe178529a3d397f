"""Judges one in-sample run: SOLID, MIXED or WEAK, with reasons."""

from collections.abc import Iterator

from skills_lib.backtest.figures import Figures, perfect
from skills_lib.backtest.model import RunVerdict
from skills_lib.domain.costs import Costs
from skills_lib.domain.rounding import distinct_digits, is_below

MIN_SHARPE = 1.0
MAX_DRAWDOWN_PCT = 20.0
MIN_TRADES = 30
MIN_COST_COVER = 2.0
SAME_RETURN_PCT = 0.01
"""Returns closer than this are a tie: sizes are rounded to whole units."""


def judge(metrics: Figures, costs: Costs) -> RunVerdict:
    """SOLID: no objection. MIXED: one or two objections. WEAK: three or more, or a loss."""
    reasons = list(_objections(metrics, costs))
    loses = not is_below(0, metrics["return_pct"] or 0.0)
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
    if is_below(earned, 0):
        yield f"Loses {distinct_digits(-earned, 0, 1)[0]} % after costs."
    elif not is_below(0, earned):
        yield "Earns nothing after costs."
    if is_below(earned, held, SAME_RETURN_PCT):
        own, market = distinct_digits(earned, held, 1)
        yield f"Return {own} % is below buy and hold's {market} %."


def _risk_objections(metrics: Figures) -> Iterator[str]:
    sharpe, drawdown_pct = metrics["sharpe"], -(metrics["max_drawdown_pct"] or 0.0)
    if sharpe is None and "sharpe" not in perfect(metrics):
        yield f"Sharpe undefined: no variance or too few days to show at least {MIN_SHARPE:g}."
    elif sharpe is not None and is_below(sharpe, MIN_SHARPE):
        yield f"Sharpe {distinct_digits(sharpe, MIN_SHARPE, 2)[0]} is below {MIN_SHARPE:g}."
    if is_below(MAX_DRAWDOWN_PCT, drawdown_pct):
        found = distinct_digits(drawdown_pct, MAX_DRAWDOWN_PCT, 1)[0]
        yield f"Drawdown {found} % is deeper than {MAX_DRAWDOWN_PCT:g} %."


def _cost_objections(metrics: Figures, costs: Costs) -> Iterator[str]:
    break_even, charged = metrics["break_even_cost_bps"] or 0.0, costs.side_bps()
    if not is_below(0, break_even):
        sign = "-" if break_even < 0 else ""
        yield f"No edge before costs: break-even cost is {sign}{distinct_digits(-break_even, 0, 1)[0]} bps per side."
    elif is_below(break_even, charged):
        own, costs_charged = distinct_digits(break_even, charged, 1)
        yield f"Costs exceed the edge: break-even at {own} bps per side, {costs_charged} are charged."
    elif is_below(break_even, MIN_COST_COVER * charged):
        own, twice = distinct_digits(break_even, MIN_COST_COVER * charged, 1)
        yield f"Thin edge: break-even at {own} bps per side, under {twice}, twice what is charged."
