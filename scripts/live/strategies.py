"""The strategy of `twokey live run`: the imbalance, or one on bars, which is loaded and handed in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from live.bars.decider import Computes
    from live.bars.strategy import BarStrategy
    from live.engine.limits import Executor
    from live.engine.settings import StrategySettings

IMBALANCE = "imbalance"


class ChosenStrategy(NamedTuple):
    """executor: whose limits hold. compute: None for the imbalance, which the engine decides itself."""

    executor: "Executor"
    settings: "StrategySettings"
    compute: "Computes | None" = None


def chosen_strategy(name: str, timeframe: str, param: Sequence[str], setting: Sequence[str]) -> ChosenStrategy:
    """The strategy that a command names, with its parameters.

    Raises:
        InputError: an unknown strategy, timeframe, parameter or setting, or a value that is not allowed.
    """
    from live.engine.limits import Executor
    from live.replay.arguments import settings_of
    from skills_lib.domain.assignments import parse_assignments
    from skills_lib.domain.errors import InputError

    if name != IMBALANCE:
        found = bar_strategy(name, timeframe, param, setting)
        return ChosenStrategy(Executor.BARS, found.settings, found.compute)
    if setting:
        raise InputError("--setting is of a strategy on bars. Give --param for the imbalance, or name --strategy.")
    return ChosenStrategy(Executor.SCALP, settings_of(parse_assignments(list(param))))


def bar_strategy(name: str, timeframe: str, param: Sequence[str], setting: Sequence[str]) -> "BarStrategy":
    """A strategy of the workspace on closed bars.

    Raises:
        InputError: an unknown strategy, timeframe, parameter or setting; or the strategy gives no signals.
    """
    from live.bars.arguments import bar_settings
    from live.bars.decider import in_process
    from live.bars.strategy import BarStrategy
    from scripts.subject import loaded, parameters_of, source_of
    from skills_lib.backtest.strategy import SignalStrategy, compute_signals
    from skills_lib.domain.assignments import parse_assignments
    from skills_lib.domain.errors import InputError

    source = source_of(name)
    parameters = parameters_of(source).resolve(dict(parse_assignments(list(param))))
    settings = bar_settings(name, timeframe, parameters, parse_assignments(list(setting), "setting", "stop_bps=150"))
    strategy = loaded(source).strategy
    if not issubclass(strategy, SignalStrategy):
        raise InputError(f"{name} has its own next() and gives no signals. Name a strategy that has signals().")
    return BarStrategy(settings, in_process(lambda bars: compute_signals(strategy, bars, parameters)))
