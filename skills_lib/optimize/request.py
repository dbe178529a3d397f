"""What a search is, and what identifies it; known before its strategy is imported, so that a stored one is found."""

from dataclasses import dataclass
from typing import Any

from skills_lib.backtest.identity import ComputingPackage, code_sha256
from skills_lib.backtest.model import BacktestSettings, EngineName
from skills_lib.backtest.source import StrategySource
from skills_lib.market.candles.model import Candles
from skills_lib.optimize.model import SweepKey
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.space import Space
from skills_lib.optimize.table import Objective


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to search: the space, the method, the objective and the engine."""

    space: Space
    plan: SearchPlan
    objective: Objective
    engine: EngineName


def sweep_key(source: StrategySource, candles: Candles, request: SearchRequest, settings: BacktestSettings) -> SweepKey:
    """What identifies an optimisation."""
    return SweepKey(**sweep_key_fields(source, candles, request, settings, "optimize"))


def sweep_key_fields(
    source: StrategySource,
    candles: Candles,
    request: SearchRequest,
    settings: BacktestSettings,
    package: ComputingPackage,
) -> dict[str, Any]:
    """The fields of a `SweepKey`. `package`: the package that computes the result."""
    return {
        "strategy": source.name,
        "symbol": candles.instrument.symbol,
        "timeframe": candles.timeframe.value,
        "source": candles.origin.source,
        "data_sha256": candles.bars.digest(),
        "code_sha256": code_sha256(source, package),
        "settings": settings,
        "values": {name: list(values) for name, values in request.space.values.items()},
        "constraints": [constraint.text for constraint in request.space.constraints],
        "plan": request.plan,
        "maximize": request.objective.metric,
        "min_trades": request.objective.min_trades,
        "engine": request.engine,
    }
