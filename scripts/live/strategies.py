"""The strategy of `twokey live run`: the imbalance, or one on bars, which is loaded and handed in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from live.engine.limits import Executor
    from live.engine.settings import BarSettings, StrategySettings
    from skills_lib.workers.worker import Program

IMBALANCE = "imbalance"
START_WITHIN_S = 60.0
BAR_TIME_LIMIT_S = 5.0


class ChosenStrategy(NamedTuple):
    """executor: whose limits hold. program: None for the imbalance, which the engine decides itself."""

    executor: "Executor"
    settings: "StrategySettings"
    program: "Program | None" = None


def chosen_strategy(
    name: str,
    timeframe: str,
    param: Sequence[str],
    setting: Sequence[str],
    bar_time_limit_s: float = BAR_TIME_LIMIT_S,
) -> ChosenStrategy:
    """The strategy that a command names, with its parameters. bar_time_limit_s: for its decision on one bar.

    Raises:
        InputError: an unknown strategy, timeframe, parameter or setting, a value that is not allowed, or a strategy
            that cannot be imported or gives no signals.
    """
    from live.engine.limits import Executor
    from live.replay.arguments import settings_of
    from scripts.strategy_worker import program_of
    from skills_lib.domain.assignments import parse_assignments
    from skills_lib.domain.errors import InputError

    given = parse_assignments(list(param))
    if name != IMBALANCE:
        program = program_of(name, given, bar_time_limit_s)
        return ChosenStrategy(Executor.BARS, _bar_settings(name, timeframe, given, setting, program), program)
    if setting:
        raise InputError("--setting is of a strategy on bars. Give --param for the imbalance, or name --strategy.")
    return ChosenStrategy(Executor.SCALP, settings_of(given))


def _bar_settings(
    name: str, timeframe: str, given: dict[str, str], setting: Sequence[str], program: "Program"
) -> "BarSettings":
    """What can be refused without the strategy's code is refused first."""
    from live.bars.arguments import bar_settings
    from scripts.strategy_worker import checked_parameters
    from scripts.subject import source_of
    from skills_lib.domain.assignments import parse_assignments

    declared = source_of(name).declared_space()
    parameters = declared.resolve(dict(given)) if declared is not None else {}
    settings = parse_assignments(list(setting), "setting", "stop_bps=150")
    bar_settings(name, timeframe, parameters, settings)
    return bar_settings(name, timeframe, checked_parameters(name, program, START_WITHIN_S), settings)
