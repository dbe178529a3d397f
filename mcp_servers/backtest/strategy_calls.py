"""Library calls about strategies. Imported on the first call, since it loads pandas and backtesting.py."""

import strategies
from mcp_servers.backtest import answers as answers
from skills_lib.backtest.report.describe import describe
from skills_lib.domain.errors import TwokeyError
from skills_lib.progress import Progress, no_progress

MAX_STRATEGIES = 100
MAX_TEXT = 4_000
_MAX_LINE = 200


def list_strategies(_progress: Progress = no_progress) -> answers.StrategyList:
    """All strategies; files that cannot be imported are listed with the reason."""
    names = strategies.available()
    return answers.StrategyList(
        strategies=[_strategy_line(name) for name in names[:MAX_STRATEGIES]],
        total=len(names),
        truncated=len(names) > MAX_STRATEGIES,
        next_step="backtest_describe_strategy gives ranges and constraints; backtest_run tests one.",
    )


def describe_strategy(name: str) -> answers.StrategyDetails:
    """One strategy in full.

    Raises:
        InputError: unknown, or its file cannot be imported.
    """
    details = describe(name, strategies.load(name))
    return answers.StrategyDetails(
        name=details.name,
        title=details.title,
        description=details.description[:MAX_TEXT],
        executor=details.executor,
        parameters=[answers.ParameterDetails.model_validate(vars(p)) for p in details.parameters],
        constraints=details.constraints,
        next_step=f'Call backtest_run with strategy="{name}", a symbol, a timeframe and optional parameters.',
    )


def _strategy_line(name: str) -> answers.StrategyLine:
    try:
        details = describe(name, strategies.load(name))
    except TwokeyError as error:
        return answers.StrategyLine(name=name, summary="", parameters={}, problem=str(error)[:_MAX_LINE])
    defaults = {parameter.name: parameter.default for parameter in details.parameters[:16]}
    return answers.StrategyLine(name=name, summary=details.title[:_MAX_LINE], parameters=defaults)
