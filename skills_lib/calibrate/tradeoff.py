"""Computes pass rates under other thresholds from stored figures, without running markets again."""

from collections.abc import Callable, Sequence

from skills_lib.calibrate.intervals import PassRate
from skills_lib.calibrate.model import MarketResult, PlantedShare, TradeOff, WithoutRule
from skills_lib.validate.verdict import Thresholds, judge_validation

STRICTNESSES = tuple(round(0.1 * step, 1) for step in range(16))
Passes = Callable[[MarketResult], bool]


def scaled_rules(strictness: float, rules: Thresholds | None = None) -> Thresholds:
    """`rules` at another strictness: 1 leaves them unchanged, more is stricter, 0 requires only a profit.

    Sharpe and trades are multiplied by it, as is the distance of positive windows from 50 %; the drawdown is divided;
    p, PBO and the complement of the deflated Sharpe are raised to this power.
    """
    usual = rules or Thresholds()
    changed = {
        "min_sharpe": usual.min_sharpe * strictness,
        "min_positive_windows_pct": 50 + (usual.min_positive_windows_pct - 50) * strictness,
        "max_drawdown_pct": usual.max_drawdown_pct / max(strictness, 1e-6),
        "min_trades": round(usual.min_trades * strictness),
        "max_random_entry_p": usual.max_random_entry_p**strictness,
        "min_deflated_sharpe": 1 - (1 - usual.min_deflated_sharpe) ** strictness,
        "max_pbo": usual.max_pbo**strictness,
    }
    return usual.model_copy(update=changed)


def trade_off(results: Sequence[MarketResult], rules: Thresholds) -> list[TradeOff]:
    """False passes and power at each strictness of all thresholds together."""
    found = []
    for strictness in STRICTNESSES:
        changed = scaled_rules(strictness, rules)
        null, planted = shares(results, passing(changed))
        found.append(TradeOff(strictness=strictness, rules=changed, null=null, planted=planted))
    return found


def without_each(results: Sequence[MarketResult], names: Sequence[str]) -> list[WithoutRule]:
    """False passes and power without one rule, for each rule."""
    found = []
    for name in names:
        null, planted = shares(results, _without(name))
        found.append(WithoutRule(rule=name, null=null, planted=planted))
    return found


def shares(results: Sequence[MarketResult], passes: Passes) -> tuple[PassRate, list[PlantedShare]]:
    """Pass rates of the null markets and of the markets with each planted Sharpe."""
    null = share([found for found in results if found.sharpe is None], passes)
    sharpes = sorted({found.sharpe for found in results if found.sharpe is not None})
    planted = [PlantedShare.of(s, share([found for found in results if found.sharpe == s], passes)) for s in sharpes]
    return null, planted


def share(results: Sequence[MarketResult], passes: Passes) -> PassRate:
    """The pass rate."""
    return PassRate.of(sum(map(passes, results)), len(results))


def passing(rules: Thresholds) -> Passes:
    """Returns whether a market passes under `rules`."""
    return lambda found: found.error is None and judge_validation(found.judged, rules).label == "PASS"


def _without(name: str) -> Passes:
    return lambda found: found.error is None and not set(found.rejected_by) - {name}
