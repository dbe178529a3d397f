"""`twokey test-strategy`, `runs` and `compare`: run a backtest, list stored ones, compare several."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar, require_real
from scripts.limits import within
from scripts.next_step import carried, command, ended, first_run, new_idea, parameter_options, print_ending
from scripts.options import (
    AsJson,
    Cash,
    Costs,
    Data,
    Exchange,
    Leverage,
    Since,
    Source,
    Strategy,
    Symbol,
    Timeframe,
    Until,
)
from scripts.subject import loaded, parameters_of, source_of
from scripts.word_order import in_any_order
from skills_lib import log
from skills_lib.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skills_lib.backtest.model import BacktestResult, BacktestSettings
    from skills_lib.backtest.results import RunStore
    from skills_lib.backtest.source import StrategySource
    from skills_lib.market.benchmark import Benchmark
    from skills_lib.market.candles import CandleArguments, Candles
    from skills_lib.report.drawings import Drawings

MAX_LISTED = 100_000
"""Runs that one list may have."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("test-strategy")(in_any_order(backtest_strategy))
    app.command("runs")(list_runs)
    app.command("compare")(compare_runs)


def backtest_strategy(
    symbol: Symbol,
    timeframe: Timeframe,
    strategy: Strategy,
    param: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; repeatable.")] = None,
    since: Since = None,
    until: Until = None,
    source: Source = "auto",
    exchange: Exchange = None,
    data: Data = None,
    costs: Costs = "default",
    commission_bps: Annotated[float | None, typer.Option(help="Commission per side, bps.")] = None,
    spread_bps: Annotated[float | None, typer.Option(help="Full bid-ask spread, bps.")] = None,
    slippage_bps: Annotated[float | None, typer.Option(help="Slippage per side, bps.")] = None,
    funding_bps: Annotated[float | None, typer.Option(help="Funding per 8 hours, bps; longs pay it.")] = None,
    cash: Cash = 100_000,
    leverage: Leverage = 1,
    fractional_unit: Annotated[
        float | None,
        typer.Option(help="Smallest amount of the base asset; 1 for whole units. Default: from price and cash."),
    ] = None,
    exclusive_orders: Annotated[bool, typer.Option(help="An entry closes an open position first.")] = True,
    trade_on_close: Annotated[bool, typer.Option(help="Fill at the signal's own close: optimistic.")] = False,
    engine: Annotated[
        str, typer.Option(help="reference (backtesting.py), kernel (compiled, equal trades), or auto: by the bars.")
    ] = "auto",
    plot: Annotated[
        bool, typer.Option(help="Write backtesting.py's own plot too, plot.html: slower, can be zoomed.")
    ] = False,
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="A market such as BTC: what holding it returned is shown beside the result.",
            show_default="setting benchmark, or none",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Backtest one strategy on one instrument, with costs. The result is stored under backtests/results.

    Example: twokey test-strategy BTC 1h sma_crossover --param fast=10 --param slow=30 --since 2023-01-01
    """
    given = dict(locals())
    source_file = source_of(strategy)
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.domain.assignments import parse_assignments
    from skills_lib.domain.costs import costs_from
    from skills_lib.domain.instruments import Instrument
    from skills_lib.domain.limits import require_amount
    from skills_lib.domain.models import parse_model
    from skills_lib.market.candles import CandleArguments

    if benchmark:
        Instrument.parse(benchmark)  # refuse it before anything is computed
    require_amount("cash", cash)
    require_amount("fractional_unit", 1 if fractional_unit is None else fractional_unit)
    rates = {"commission_bps": commission_bps, "spread_bps": spread_bps, "slippage_bps": slippage_bps}
    settings = parse_model(
        BacktestSettings,
        costs=costs_from(costs, rates | {"funding_bps_per_8h": funding_bps}),
        cash=cash,
        leverage=leverage,
        fractional_unit=fractional_unit,
        exclusive_orders=exclusive_orders,
        trade_on_close=trade_on_close,
        engine=engine,
    ).for_symbol(symbol)
    candles = CandleArguments(symbol, timeframe, since, until, source, exchange, data)
    chosen: dict[str, object] = dict(parse_assignments(param or []))
    traded, result, held = _stored_or_run(source_file, candles, chosen, settings, benchmark, as_json=json)
    _show(result, held, _after_run(result, given), as_json=json)
    _finish(result, _plot(strategy, traded, result) if plot else {})
    require_real(source, result.synthetic)


def list_runs(
    limit: Annotated[int, typer.Option(callback=within(1, MAX_LISTED), help="Number of runs.")] = 20,
    json: AsJson = False,
) -> None:
    """List stored backtests, newest first."""
    runs = _store().runs()
    step = _after_list(runs)
    if json:
        from skills_lib.answers.backtests import RunsAnswer

        shown = [run.model_dump() for run in runs[:limit]]
        answer = ended(RunsAnswer.of(runs[:limit], len(runs)), step)
        print_answer(answer, "runs", {"stored": len(runs), "runs": shown})
    else:
        from scripts.tables.run import print_runs

        print_runs(runs[:limit], stored=len(runs))
        print_ending(step)


def compare_runs(
    run_ids: Annotated[list[str], typer.Argument(help="Two or more run ids, or their first characters.")],
    json: AsJson = False,
) -> None:
    """Compare stored backtests and warn where the comparison is unfair."""
    from skills_lib.backtest.report.comparison import compare

    store = _store()
    comparison = compare([store.get(run_id) for run_id in run_ids])
    step = _after_comparison(comparison.runs)
    if json:
        from skills_lib.answers.backtests import ComparisonAnswer

        print_answer(ended(ComparisonAnswer.of(comparison), step), "compare", comparison.model_dump())
    else:
        from scripts.tables.run import print_comparison

        print_comparison(comparison)
        print_ending(step)


def _stored_or_run(
    source: "StrategySource",
    arguments: "CandleArguments",
    given: "dict[str, object]",
    settings: "BacktestSettings",
    benchmark: str | None,
    as_json: bool,
) -> "tuple[Candles, BacktestResult, Benchmark | None]":
    from skills_lib.backtest.identity import identity_of
    from skills_lib.settings import Settings

    space = parameters_of(source)
    space.resolve(given)  # refuse them before candles are fetched
    with progress_bar(shown=not as_json) as progress:
        candles = arguments.answer(Settings(), progress)
        run_id = identity_of(source, space, candles, given, settings).run_id
        stored = _store().find_on(candles.origin, run_id)
        log.info("run", id=run_id, is_stored=stored is not None)
        result = stored or _run(source, candles, given, settings, progress)
        return candles, result, _benchmark(benchmark, candles, arguments, progress)


def _benchmark(
    symbol: str | None, candles: "Candles", arguments: "CandleArguments", progress: Progress
) -> "Benchmark | None":
    if not symbol:
        return None
    from skills_lib.market.benchmark import measure_benchmark
    from skills_lib.settings import Settings

    return measure_benchmark(symbol, candles, arguments, Settings(), progress)


def _show(result: "BacktestResult", held: "Benchmark | None", step: str, as_json: bool) -> None:
    from scripts.counting import meter_now

    meter = meter_now(result)
    if as_json:
        from skills_lib.answers.backtests import RunAnswer

        print_answer(ended(RunAnswer.of(result, held), step, meter), "test-strategy")
    else:
        from scripts.tables.run import print_result

        print_result(result, held)
        print_ending(step, meter)


def _after_run(result: "BacktestResult", given: "dict[str, object]") -> str:
    """A validation with the same options; of the run itself where validate has no such costs or execution."""
    if result.verdict.label == "WEAK":
        return new_idea()
    from scripts.validate import validate

    only_here = ("commission_bps", "spread_bps", "slippage_bps", "funding_bps", "fractional_unit")
    if any(given[name] is not None for name in only_here) or given["trade_on_close"] or not given["exclusive_orders"]:
        file = ("--data", given["data"]) if given["data"] else ()
        return command("monte-carlo", result.run_id, *file)
    market = (result.strategy, result.symbol, result.timeframe)
    return command("validate", *market, *carried(backtest_strategy, given, validate))


def _after_list(runs: "Sequence[BacktestResult]") -> str:
    if not runs:
        return first_run()
    ids = [run.run_id[:8] for run in runs[:2]]
    return command("compare", *ids) if len(ids) > 1 else command("monte-carlo", *ids)


def _after_comparison(runs: "Sequence[BacktestResult]") -> str:
    """A validation of the first run that is not weak, with its parameters; the best one would be chosen by luck."""
    for run in runs:
        if run.verdict.label != "WEAK":
            source = ("--source", "sample") if run.synthetic else ()
            market = (run.strategy, run.symbol, run.timeframe)
            return command("validate", *market, *source, *parameter_options(run.parameters))
    return new_idea()


def _finish(result: "BacktestResult", more: "Drawings") -> None:
    from scripts.drawing import finish_drawings
    from skills_lib.backtest.report.draw import drawings

    finish_drawings({**drawings(result), **more})


def _plot(strategy: str, candles: "Candles", result: "BacktestResult") -> "Drawings":
    def draw(path: Path) -> None:
        import strategies
        from skills_lib.backtest.report.plot import plot_run

        plot_run(path, strategies.load(strategy), candles.bars, result)

    return {result.artifacts.result.parent / "plot.html": draw}


def _run(
    source: "StrategySource",
    candles: "Candles",
    given: "dict[str, object]",
    settings: "BacktestSettings",
    progress: Progress,
) -> "BacktestResult":
    from scripts.counting import trial_origin
    from skills_lib.backtest.pipeline import run_backtest
    from skills_lib.ledger.counter import open_trial_counter
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.settings import Settings

    open_counter = partial(open_trial_counter, Ledger.of(Settings()), trial_origin("test-strategy"))
    return run_backtest(loaded(source), candles, given, settings, _store(), open_counter, progress)


def _store() -> "RunStore":
    from skills_lib.backtest.results import RunStore
    from skills_lib.settings import Settings

    return RunStore(Settings().results_dir)
