"""What a walk-forward is, and what identifies it; known before its strategy is imported."""

from dataclasses import dataclass

from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.source import StrategySource
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.request import SearchRequest, sweep_key_fields
from skills_lib.walk_forward.model import WalkForwardKey
from skills_lib.walk_forward.walk import Pick
from skills_lib.walk_forward.windows import WindowPlan


@dataclass(frozen=True, slots=True)
class WalkForwardRequest:
    """The search on each train span, the windows, and which point of a train span is tested."""

    search: SearchRequest
    windows: WindowPlan
    pick: Pick = "plateau"


def walk_forward_key(
    source: StrategySource, candles: Candles, request: WalkForwardRequest, settings: BacktestSettings
) -> WalkForwardKey:
    """What identifies a walk-forward."""
    plan = request.windows
    return WalkForwardKey(
        **sweep_key_fields(source, candles, request.search, settings, "walk_forward"),
        train_ns=plan.train_ns,
        test_ns=plan.test_ns,
        step_ns=plan.step_ns,
        embargo_ns=plan.embargo_ns,
        anchored=plan.anchored,
        pick=request.pick,
    )
