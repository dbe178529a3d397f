"""Tables and sections of a validation report, independent of its format."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from skills_lib.backtest.figures import METRICS, Figures
from skills_lib.backtest.report.markdown import describe_figure, format_figure
from skills_lib.report.page import Grid
from skills_lib.validate.stages.breadth import CrossMarketResult
from skills_lib.validate.verdict import RuleResult

SHOWN = ("return_pct", "cagr_pct", "sharpe", "max_drawdown_pct", "trades", "profit_factor", "break_even_cost_bps")
NONE = "n/a"
_COUNT = 10


@dataclass(frozen=True, slots=True)
class ReportSection:
    """One heading. `pictures`: names of charts; `limits`: what the figures do not show."""

    title: str
    paragraphs: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    pictures: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def rules_grid(rules: Sequence[RuleResult]) -> Grid:
    """The verdict's table."""
    rows = [(rule.name, rule_value(rule), rule_threshold(rule), _margin(rule), rule.level) for rule in rules]
    return Grid(("rule", "figure", "PASS needs", "margin", ""), rows)


def _margin(rule: RuleResult) -> str:
    return "" if rule.margin is None else number(rule.margin, rule.unit)


def rule_value(rule: RuleResult) -> str:
    """The figure of a rule as text."""
    if isinstance(rule.value, bool):
        return "yes" if rule.value else "no"
    return number(rule.value, rule.unit)


def rule_threshold(rule: RuleResult) -> str:
    """The threshold of a rule as text."""
    if isinstance(rule.threshold, bool):
        return "yes" if rule.threshold else "no"
    caution = "" if rule.caution is None else f" (CAUTION from {rule.caution:g})"
    return f"{rule.comparison} {rule.threshold:g}{f' {rule.unit}' if rule.unit else ''}{caution}"


def figures_grid(columns: dict[str, Figures]) -> Grid:
    """Figures by name, one column per sample."""
    rows = [(METRICS[name].label, *(describe_figure(name, found) for found in columns.values())) for name in SHOWN]
    return Grid(("", *columns), rows)


def cross_market_grid(found: Sequence[CrossMarketResult]) -> Grid:
    """One row per set of candles."""
    rows = [
        (
            f"{one.symbol} {one.timeframe}",
            f"{one.days:,}",
            one.problem or f"{number(one.metrics['sharpe'])} ± {number(one.sharpe_error)}",
            *(format_figure(name, one.metrics.get(name)) for name in ("return_pct", "max_drawdown_pct", "trades")),
        )
        for one in found
    ]
    return Grid(("candles", "days", "Sharpe ± standard error", "return", "max drawdown", "trades"), rows)


def number(value: float | int | None, unit: str = "") -> str:
    """A figure with its unit, rounded for reading."""
    if value is None:
        return NONE
    is_whole = float(value).is_integer() and abs(value) >= _COUNT
    shown = f"{value:,.0f}" if is_whole else f"{value:,.3f}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{shown} {unit}".strip()
