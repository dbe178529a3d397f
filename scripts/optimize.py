"""`twokey optimize` and `walk-forward`: which parameters, how stable, and what was left of them afterwards."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_json
from scripts.sweeps import Sweep, progress_of, run_optimize, run_walk_forward

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestSettings

Strategy = Annotated[str, typer.Argument(help="A name that `twokey strategies` lists.")]
Symbol = Annotated[str, typer.Argument(help="BTC, BTCUSDT or BTC/USDT.")]
Timeframe = Annotated[str, typer.Argument(help="1m to 1w, such as 1h.")]
Param = Annotated[
    list[str] | None,
    typer.Option(help="NAME=low:high:step (ends included) or NAME=a,b,c; repeatable. Others keep their defaults."),
]
Constraint = Annotated[list[str] | None, typer.Option(help='Such as "fast < slow"; added to the strategy\'s own.')]
Maximize = Annotated[str, typer.Option(help="Any metric that test-strategy reports.")]
Method = Annotated[str, typer.Option(help="grid, random or tpe.")]
Trials = Annotated[int | None, typer.Option(help="Combinations to try; random and tpe only.", show_default="200")]
Seed = Annotated[int, typer.Option(help="Of random and tpe.")]
Engine = Annotated[str, typer.Option(help="kernel (compiled) or reference (backtesting.py).")]
Cluster = Annotated[str | None, typer.Option(help="tcp://host:8786 (Dask) or ray://host:10001 (Ray).")]
Since = Annotated[str | None, typer.Option(help="First day or time, UTC.")]
Until = Annotated[str | None, typer.Option(help="End, UTC, not included.")]
Source = Annotated[str, typer.Option(help="auto, cache, exchange, archive, sample or yahoo.")]
Exchange = Annotated[str | None, typer.Option(help="Any ccxt exchange id.", show_default="binance")]
Data = Annotated[Path | None, typer.Option(help="A CSV or Parquet file of candles to use instead.")]
Costs = Annotated[str, typer.Option(help="default, binance-spot, usdm-taker, usdm-maker, ib-stock or free.")]
Cash = Annotated[float, typer.Option(help="Starting equity in quote currency.")]
Leverage = Annotated[float, typer.Option(help="1 to 125.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]
JobFolder = Annotated[Path | None, typer.Option("--job", hidden=True, help="Folder of the job this process runs as.")]


def register(app: typer.Typer) -> None:
    """Add this file's verbs to the command."""
    app.command("optimize")(optimize)
    app.command("walk-forward")(walk_forward)


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
    job: JobFolder = None,
) -> None:
    """Try many parameters, and recommend the centre of the best plateau beside the raw, lucky maximum.

    Without --param every parameter varies over the strategy's own range. What is finished when you press ctrl-C is
    kept: the same command goes on from there. Stored under backtests/optimizations.

    Example: twokey optimize sma_crossover BTC 1h --param fast=5:60:5 --param slow=20:200:10
    """
    with progress_of(job, shown=not json) as progress:
        from skills_lib.market.candles import CandleQuestion
        from skills_lib.validate.words import SearchWords

        words = SearchWords(param or [], constraint or [], maximize, method, trials, seed, min_trades, engine)
        question = CandleQuestion(symbol, timeframe, since, until, source, exchange, data)
        sweep = Sweep(strategy, words, question, settings_of(costs, cash, leverage), cluster, job)
        result = run_optimize(sweep, progress)
        if json:
            print_json(result.model_dump(mode="json"))
    if not json:
        from scripts.sweep_tables import print_optimization

        print_optimization(result)


def walk_forward(
    strategy: Strategy,
    symbol: Symbol,
    timeframe: Timeframe,
    train: Annotated[str, typer.Option(help="Span to choose on, such as 180d, 26w or 12h.")] = "180d",
    test: Annotated[str, typer.Option(help="Span to try the choice on.")] = "60d",
    step: Annotated[str, typer.Option(help="From one window to the next.")] = "30d",
    anchored: Annotated[bool, typer.Option(help="Every train span begins at the first bar.")] = False,
    embargo: Annotated[str, typer.Option(help="Left out between train and test.")] = "0d",
    pick: Annotated[str, typer.Option(help="plateau (its centre, recommended) or peak (the raw maximum).")] = "plateau",
    param: Param = None,
    constraint: Constraint = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials = None,
    seed: Seed = 0,
    min_trades: Annotated[int, typer.Option(help="In train; combinations with fewer are not chosen.")] = 10,
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
    job: JobFolder = None,
) -> None:
    """Choose parameters on one span, try them on the next, move on: what a choice was worth afterwards.

    What is finished when you press ctrl-C is kept: the same command goes on from there. Stored under
    backtests/walk-forward.

    Example: twokey walk-forward sma_crossover BTC 1h --train 180d --test 60d --step 30d --embargo 1d
    """
    with progress_of(job, shown=not json) as progress:
        from skills_lib.market.candles import CandleQuestion
        from skills_lib.validate.words import SearchWords, WindowWords

        words = SearchWords(param or [], constraint or [], maximize, method, trials, seed, min_trades, engine)
        windows = WindowWords(train, test, step, embargo, anchored, pick)
        question = CandleQuestion(symbol, timeframe, since, until, source, exchange, data)
        sweep = Sweep(strategy, words, question, settings_of(costs, cash, leverage), cluster, job)
        result = run_walk_forward(sweep, windows, progress)
        if json:
            print_json(result.model_dump(mode="json"))
    if not json:
        from scripts.sweep_tables import print_walk_forward

        print_walk_forward(result)


def settings_of(costs: str, cash: float, leverage: float) -> "BacktestSettings":
    """Execution and costs, as typed.

    Raises:
        InputError: unknown costs, or a figure out of range.
    """
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.domain.costs import costs_from
    from skills_lib.domain.validation import checked

    return checked(BacktestSettings, costs=costs_from(costs, {}), cash=cash, leverage=leverage)
