"""`twokey optimize` and `walk-forward`: searches parameters and tests the choice on later bars."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar, require_real
from scripts.counting import meter_now
from scripts.next_step import carried, command, ended, new_idea, print_ending
from scripts.options import (
    Anchored,
    AsJson,
    Cash,
    Cluster,
    Constraint,
    Costs,
    Data,
    Embargo,
    Engine,
    Exchange,
    Leverage,
    Maximize,
    Method,
    Param,
    Pick,
    Seed,
    Since,
    Source,
    Strategy,
    Symbol,
    Timeframe,
    Trials,
    Until,
)
from scripts.sweep_request import SweepCommand, run_optimize, run_walk_forward, settings_of
from scripts.word_order import in_any_order

if TYPE_CHECKING:
    from skills_lib.backtest.figures import Figures
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.walk_forward.model import WalkForwardResult


def register(app: typer.Typer) -> None:
    """Register these commands."""
    app.command("optimize")(in_any_order(optimize))
    app.command("walk-forward")(in_any_order(walk_forward))


def optimize(
    strategy: Strategy,
    symbol: Symbol,
    timeframe: Timeframe,
    param: Param = None,
    constraint: Constraint = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials = None,
    seed: Seed = 0,
    min_trades: Annotated[int, typer.Option(help="Combinations with fewer are never best.")] = 30,
    engine: Engine = "kernel",
    cluster: Cluster = None,
    since: Since = None,
    until: Until = None,
    source: Source = "auto",
    exchange: Exchange = None,
    data: Data = None,
    costs: Costs = "default",
    cash: Cash = 100_000,
    leverage: Leverage = 1,
    json: AsJson = False,
) -> None:
    """Search parameters, and recommend the centre of the best plateau next to the raw maximum.

    Without --param every parameter varies over the strategy's own range. ctrl-C saves progress; rerun to resume. Stored
    under backtests/optimizations.

    Example: twokey optimize sma_crossover BTC 1h --param fast=5:60:5 --param slow=20:200:10
    """
    given = dict(locals())
    with progress_bar(shown=not json) as progress:
        from skills_lib.market.candles import CandleArguments
        from skills_lib.optimize.arguments import SearchArguments

        arguments = SearchArguments(param or [], constraint or [], maximize, method, trials, seed, min_trades, engine)
        candles = CandleArguments(symbol, timeframe, since, until, source, exchange, data)
        sweep = SweepCommand(strategy, arguments, candles, settings_of(symbol, costs, cash, leverage), cluster)
        result = run_optimize(sweep, progress)
    after, meter = _validate_or_stop(result, optimize, given, result.recommended.metrics), meter_now(result)
    if json:
        from skills_lib.answers.searches import OptimizationAnswer

        print_answer(ended(OptimizationAnswer.of(result), after, meter), "optimize")
    else:
        from scripts.tables.sweep import print_optimization

        print_optimization(result)
        print_ending(after, meter)
    from scripts.drawing import finish_drawings
    from skills_lib.optimize.report.draw import drawings

    finish_drawings(drawings(result))
    require_real(source, result.synthetic)


def walk_forward(
    strategy: Strategy,
    symbol: Symbol,
    timeframe: Timeframe,
    train: Annotated[str, typer.Option(help="Train span, such as 180d, 26w or 12h.")] = "180d",
    test: Annotated[str, typer.Option(help="Test span after it.")] = "60d",
    step: Annotated[str, typer.Option(help="Distance from one window to the next.")] = "30d",
    anchored: Anchored = False,
    embargo: Embargo = "0d",
    pick: Pick = "plateau",
    param: Param = None,
    constraint: Constraint = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials = None,
    seed: Seed = 0,
    min_trades: Annotated[int, typer.Option(help="In train; combinations with fewer are never chosen.")] = 10,
    engine: Engine = "kernel",
    cluster: Cluster = None,
    since: Since = None,
    until: Until = None,
    source: Source = "auto",
    exchange: Exchange = None,
    data: Data = None,
    costs: Costs = "default",
    cash: Cash = 100_000,
    leverage: Leverage = 1,
    json: AsJson = False,
) -> None:
    """Choose parameters on one span, test them on the next, and repeat along the data.

    ctrl-C saves progress; rerun to resume. Stored under backtests/walk-forward.

    Example: twokey walk-forward sma_crossover BTC 1h --train 180d --test 60d --step 30d --embargo 1d
    """
    given = dict(locals())
    with progress_bar(shown=not json) as progress:
        from skills_lib.market.candles import CandleArguments
        from skills_lib.optimize.arguments import SearchArguments
        from skills_lib.walk_forward.arguments import WindowArguments

        arguments = SearchArguments(param or [], constraint or [], maximize, method, trials, seed, min_trades, engine)
        windows = WindowArguments(train, test, step, embargo, anchored, pick)
        candles = CandleArguments(symbol, timeframe, since, until, source, exchange, data)
        sweep = SweepCommand(strategy, arguments, candles, settings_of(symbol, costs, cash, leverage), cluster)
        result = run_walk_forward(sweep, windows, progress)
    after, meter = _validate_or_stop(result, walk_forward, given, result.out_of_sample.metrics), meter_now(result)
    if json:
        from skills_lib.answers.searches import WalkForwardAnswer

        print_answer(ended(WalkForwardAnswer.of(result), after, meter), "walk-forward")
    else:
        from scripts.tables.sweep import print_walk_forward

        print_walk_forward(result)
        print_ending(after, meter)
    from scripts.drawing import finish_drawings
    from skills_lib.walk_forward.report.draw import drawings

    finish_drawings(drawings(result))
    require_real(source, result.synthetic)


def _validate_or_stop(
    result: "OptimizationResult | WalkForwardResult",
    verb: Callable[..., None],
    given: dict[str, object],
    figures: "Figures",
) -> str:
    """A validation of the same search; another idea where even this one lost money."""
    if not (figures["return_pct"] or 0) > 0:
        return new_idea()
    from scripts.validate import validate

    market = (result.strategy, result.symbol, result.timeframe)
    return command("validate", *market, *carried(verb, given, validate))
