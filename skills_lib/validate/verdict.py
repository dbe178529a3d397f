"""Judges a validation as PASS, CAUTION or FAIL by a table of rules, each with threshold, figure and margin."""

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from skills_lib.domain.models import FrozenModel

Label = Literal["PASS", "CAUTION", "FAIL"]
_ORDER: tuple[Label, ...] = ("PASS", "CAUTION", "FAIL")
_MAX_NEAR_MISSES = 3
_MAX_DIGITS = 12


class Thresholds(BaseModel):
    """Thresholds, which a figure must strictly exceed or stay below. `caution_*`: down to here a miss is CAUTION."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_sharpe: float = 1.0
    caution_sharpe: float = 0.5
    min_positive_windows_pct: float = Field(70.0, ge=0, le=100)
    caution_positive_windows_pct: float = Field(60.0, ge=0, le=100)
    max_drawdown_pct: float = Field(20.0, gt=0)
    min_trades: int = Field(50, ge=0)
    max_random_entry_p: float = Field(0.05, gt=0, le=1)
    min_deflated_sharpe: float = Field(0.95, ge=0, lt=1)
    max_pbo: float = Field(0.2, gt=0, le=1)
    min_double_cost_return_pct: float = 0.0


class VerdictFigures(FrozenModel):
    """The figures that are judged; None means unavailable, which counts as not passed.

    `walk_forward_sharpe`: mean annual Sharpe ratio of the windows' test spans. `positive_windows_pct`: share of
    windows that earned money after costs. `max_drawdown_pct`: of the out-of-sample run, as METRICS has it (below 0)
    or as a depth (above 0). `trades`: out of sample. `double_cost_return_pct`: out-of-sample net return at 2 × costs.
    `pbo`: the smaller of PBO and the share of splits in which the choice lost money.
    `lookahead_passed`, `starts_agree`, `audit_passed`: the stages lookahead (truncation, warm_up) and audit.
    The remaining fields are not judged; they determine `ValidationVerdict.not_covered`.
    """

    walk_forward_sharpe: float | None = None
    positive_windows_pct: float | None = None
    max_drawdown_pct: float | None = None
    trades: int | None = None
    random_entry_p: float | None = None
    deflated_sharpe: float | None = None
    pbo: float | None = None
    double_cost_return_pct: float | None = None
    lookahead_passed: bool | None = None
    starts_agree: bool | None = None
    audit_passed: bool | None = None

    funding_charged: bool = False
    synthetic: bool = False
    sealed_opened: bool = False
    assets: int = 1
    days: float | None = None
    unseen_regimes: list[str] = Field(default_factory=list)


class RuleResult(FrozenModel):
    """One line of the table. `value` is None if it is unavailable.

    `comparison`: required relation of `value` to `threshold`. `margin`: distance from the threshold in the figure's
    unit, below 0 if the rule is missed; None for yes or no. `level`: PASS, or the severity of the miss.
    """

    name: str
    comparison: Literal[">", "<", "is"]
    threshold: float | bool
    caution: float | None
    value: float | bool | None
    unit: str
    margin: float | None
    passed: bool
    level: Label


class ValidationVerdict(FrozenModel):
    """The label is the worst level of all rules.

    `would_change`: each miss and what it needs; for a PASS the three smallest margins. `not_covered`: risks not tested.
    """

    label: Label
    rules: list[RuleResult]
    would_change: list[str]
    not_covered: list[str]


class _Rule(NamedTuple):
    name: str
    comparison: Literal[">", "<", "is"]
    threshold: float | bool
    value: float | bool | None
    unit: str = ""
    caution: float | None = None
    unknown: Label = "CAUTION"
    miss: Label = "FAIL"


def judge_validation(figures: VerdictFigures, rules: Thresholds | None = None) -> ValidationVerdict:
    """The verdict: PASS needs every rule; one FAIL makes FAIL.

    If its figure is unavailable, an essential rule (look-ahead, data, Sharpe, windows, drawdown, trades) is FAIL,
    any other rule CAUTION.
    """
    results = [_judged(rule) for rule in _table(figures, rules or Thresholds())]
    label = max((result.level for result in results), key=_ORDER.index)
    return ValidationVerdict(
        label=label,
        rules=results,
        would_change=list(_would_change(label, results)),
        not_covered=list(_not_covered(figures)),
    )


def _table(found: VerdictFigures, rules: Thresholds) -> list[_Rule]:
    depth = None if found.max_drawdown_pct is None else abs(found.max_drawdown_pct)
    sharpe, windows = rules.caution_sharpe, rules.caution_positive_windows_pct
    return [
        _Rule("No look-ahead", "is", True, found.lookahead_passed, unknown="FAIL"),
        _Rule("Data without fatal defects", "is", True, found.audit_passed, unknown="FAIL"),
        _Rule("Same signals wherever history starts", "is", True, found.starts_agree, miss="CAUTION"),
        _Rule("Walk-forward mean Sharpe", ">", rules.min_sharpe, found.walk_forward_sharpe, "", sharpe, "FAIL"),
        _Rule(
            "Positive windows", ">", rules.min_positive_windows_pct, found.positive_windows_pct, "%", windows, "FAIL"
        ),
        _Rule("Drawdown", "<", rules.max_drawdown_pct, depth, "%", unknown="FAIL"),
        _Rule("Trades", ">", rules.min_trades, found.trades, unknown="FAIL"),
        _Rule("Random-entry p", "<", rules.max_random_entry_p, found.random_entry_p),
        _Rule("Deflated Sharpe ratio", ">", rules.min_deflated_sharpe, found.deflated_sharpe),
        _Rule("Probability of backtest overfitting", "<", rules.max_pbo, found.pbo),
        _Rule("Return at 2 × costs", ">", rules.min_double_cost_return_pct, found.double_cost_return_pct, "%"),
    ]


def _judged(rule: _Rule) -> RuleResult:
    if rule.value is not None and not math.isfinite(rule.value):
        rule = rule._replace(value=None)
    margin = _margin(rule)
    passed = rule.value is rule.threshold if margin is None else margin > 0
    return RuleResult(
        name=rule.name,
        comparison=rule.comparison,
        threshold=rule.threshold,
        caution=rule.caution,
        value=rule.value,
        unit=rule.unit,
        margin=margin,
        passed=passed,
        level="PASS" if passed else _level_of_miss(rule),
    )


def _margin(rule: _Rule) -> float | None:
    if rule.value is None or rule.comparison == "is":
        return None
    return float(rule.value - rule.threshold if rule.comparison == ">" else rule.threshold - rule.value)


def _level_of_miss(rule: _Rule) -> Label:
    if rule.value is None:
        return rule.unknown
    if rule.caution is None:
        return rule.miss
    return "CAUTION" if rule.value >= rule.caution else "FAIL"


def _would_change(label: Label, results: list[RuleResult]) -> Iterator[str]:
    if label == "PASS":
        for result in sorted((r for r in results if r.margin is not None), key=_relative_margin)[:_MAX_NEAR_MISSES]:
            yield f"{result.name} is {_shown(result)}: {_threshold(result, False)} would end PASS."
        return
    for result in results:
        if result.value is None:
            yield f"{result.name}: unavailable; counts as not passed."
        elif result.margin is None and not result.passed:
            yield f"{result.name}: not met; required for PASS."
        elif not result.passed:
            lenient = result.level == "FAIL" and result.caution is not None
            caution = f", CAUTION at least {_figure(result.caution, result)}" if lenient else ""
            needs = f"PASS needs {_threshold(result, True)}{caution}"
            yield f"{result.name} is {_shown(result)}: {needs}."


def _relative_margin(result: RuleResult) -> float:
    return (result.margin or 0.0) / (abs(float(result.threshold)) or 1.0)


def _threshold(result: RuleResult, passes: bool) -> str:
    if passes:
        return f"{'more' if result.comparison == '>' else 'less'} than {_figure(result.threshold, result)}"
    return f"{_figure(result.threshold, result)} or {'less' if result.comparison == '>' else 'more'}"


def _shown(result: RuleResult) -> str:
    """The figure, with as many digits as it takes to differ from the thresholds that it differs from."""
    limits = [float(limit) for limit in (result.threshold, result.caution) if limit is not None]
    for digits in range(3, _MAX_DIGITS + 1):
        text = f"{result.value:.{digits}g}"
        if all(text != f"{limit:.{digits}g}" for limit in limits if limit != result.value):
            return f"{text}{' ' * bool(result.unit)}{result.unit}"
    return _figure(result.value, result)


def _figure(value: float | None, result: RuleResult) -> str:
    return f"{value:.3g}{' ' * bool(result.unit)}{result.unit}"


def _not_covered(found: VerdictFigures) -> Iterator[str]:
    yield "Capacity: orders were filled at any size without moving the price."
    yield "Execution: fills come from bars, not an order book; no latency, partial fills or rejected orders."
    yield "Exchange failure: outages, delistings, liquidation by the venue, loss of deposits."
    yield "Trials outside the ledger: ideas tested without Twokey, and the choice of the strategy itself."
    yield "A future that differs from this history."
    if not found.funding_charged:
        yield "Funding: none was charged; perpetual contracts charge it every 8 hours."
    if found.unseen_regimes:
        yield f"Regimes seen too briefly: {'; '.join(found.unseen_regimes)}."
    if found.assets < 2:
        yield "Other assets: the parameters were tested on one only."
    if not found.sealed_opened:
        yield "The sealed last 10 %: still closed; open it once, at deployment."
    if found.synthetic:
        yield "Any real market: the candles are synthetic."
