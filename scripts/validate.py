"""`twokey validate` and `monte-carlo`: test whether a result is more than luck."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar, require_real
from scripts.counting import meter_now
from scripts.next_step import carried, command, ended, new_idea, print_ending
from scripts.options import (
    Anchored,
    AsJson,
    Cash,
    Constraint,
    Costs,
    Data,
    Embargo,
    Engine,
    Exchange,
    Leverage,
    Maximize,
    Method,
    Pick,
    Since,
    Source,
    Strategy,
    Symbol,
    Timeframe,
    Trials,
    Until,
)
from scripts.sweep_request import settings_of
from scripts.word_order import in_any_order

if TYPE_CHECKING:
    from skills_lib.validate.model import StageAnswers, ValidationResult
    from skills_lib.validate.resample import RunResampled

ASSETS = ("BTC", "ETH", "BNB", "SOL")
HALF = 0.5

TrainSpan = Annotated[
    str | None,
    typer.Option(
        help="Length of the span to choose on, such as 365d.", show_default="setting train, or four elevenths"
    ),
]
Symbols = Annotated[str, typer.Option(help="More assets to test, such as BTC,ETH,BNB,SOL.")]
Timeframes = Annotated[str, typer.Option(help="More timeframes to test, such as 15m,1h,4h.")]
DataFolder = Annotated[
    Path | None, typer.Option(help="Folder of files such as ETHUSDT_1h.csv.gz, found by symbol and timeframe.")
]
Searched = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=low:high:step or NAME=a,b,c to search, NAME=value to validate one value; repeatable. "
        "Default: a coarse grid over the strategy's own ranges."
    ),
]
MinTrades = Annotated[int, typer.Option(help="In-sample; combinations with fewer trades are not chosen.")]
TestSpan = Annotated[
    str | None,
    typer.Option(
        help="Length of the span to test the choice on.", show_default="setting test, or an eleventh, seven times"
    ),
]
StepSpan = Annotated[
    str | None, typer.Option(help="Distance between windows.", show_default="setting step, or as long as --test")
]
Only = Annotated[
    str | None,
    typer.Option(help="Run only these stages, without a verdict, such as lookahead,costs; an unknown name lists all."),
]
OpenSealed = Annotated[
    bool, typer.Option(help="Test on the last 10 %, before deployment; recorded, and possible once.")
]
Reason = Annotated[str, typer.Option(help="Why the sealed bars are opened.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("validate")(in_any_order(validate))
    app.command("monte-carlo")(monte_carlo)


def validate(
    strategy: Strategy,
    symbol: Symbol,
    timeframe: Timeframe,
    symbols: Symbols = "",
    timeframes: Timeframes = "",
    data_dir: DataFolder = None,
    param: Searched = None,
    constraint: Constraint = None,
    maximize: Maximize = "sharpe",
    method: Method = "grid",
    trials: Trials = None,
    min_trades: MinTrades = 30,
    train: TrainSpan = None,
    test: TestSpan = None,
    step: StepSpan = None,
    embargo: Embargo = "0d",
    anchored: Anchored = False,
    pick: Pick = "plateau",
    only: Only = None,
    open_sealed: OpenSealed = False,
    reason: Reason = "",
    seed: Annotated[int, typer.Option(help="Seed of all samples; the same seed gives the same result.")] = 0,
    engine: Engine = "kernel",
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
    """Run all tests on a strategy and return PASS, CAUTION or FAIL with the figures that decided.

    Parameters are chosen on the first 70 % of the bars and tested on the next 20 %; the last 10 % stay sealed. A
    walk-forward repeats the choice in seven windows. Stored under backtests/validation-reports.

    Example: twokey validate sma_crossover BTC 1h --symbols BTC,ETH,BNB,SOL --timeframes 30m,1h,4h --seed 7
    """
    given = dict(locals())
    with progress_bar(shown=not json) as progress:
        from scripts.validation_request import ValidationCommand, run_stages, run_validation
        from skills_lib.market.candles import CandleArguments
        from skills_lib.optimize.arguments import SearchArguments
        from skills_lib.validate.arguments import ValidationArguments

        search = SearchArguments(param or [], constraint or [], maximize, method, trials, seed, min_trades, engine)
        windows = (train, test, step, embargo, anchored, pick)
        arguments = ValidationArguments(search, *windows, symbols, timeframes, open_sealed, reason)
        candles = CandleArguments(symbol, timeframe, since, until, source, exchange, data)
        asked = ValidationCommand(strategy, arguments, candles, settings_of(symbol, costs, cash, leverage), data_dir)
        found = run_validation(asked, progress) if only is None else run_stages(asked, only, progress)
    _show(found, _after_validation(found, given), json)
    _finish(found)
    require_real(source, found.synthetic)


def _finish(answer: "ValidationResult | StageAnswers") -> None:
    """Draw page and picture of a whole validation; single stages have none."""
    from scripts.drawing import finish_drawings
    from skills_lib.validate.model import ValidationResult
    from skills_lib.validate.report.draw import drawings

    if isinstance(answer, ValidationResult):
        finish_drawings(drawings(answer))


def monte_carlo(
    run_id: Annotated[str, typer.Argument(help="A run id listed by `twokey runs`, or its first characters.")],
    samples: Annotated[int, typer.Option(help="Resampled histories per method, 10 to 100,000.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of all samples.")] = 0,
    data: Annotated[Path | None, typer.Option(help="The candle file that the run used.")] = None,
    json: AsJson = False,
) -> None:
    """Resample the trades and days of a stored run to show the range of results due to luck.

    Random entries need the candles of the run, from the cache or --data.

    Example: twokey monte-carlo 3f2a
    """
    from scripts.validation_request import run_monte_carlo

    result = run_monte_carlo(run_id, samples, seed, data)
    after = _after_resampling(result, data)
    if json:
        from skills_lib.answers.validations import ResampledAnswer

        print_answer(ended(ResampledAnswer.of(result), after), "monte-carlo", result.model_dump())
    else:
        from scripts.tables.validation import print_monte_carlo

        print_monte_carlo(result)
        print_ending(after)


def _show(found: "ValidationResult | StageAnswers", after: str, as_json: bool) -> None:
    from skills_lib.validate.model import StageAnswers

    meter = meter_now(found) if isinstance(found, StageAnswers) else found.trial_meter()
    if not as_json:
        from scripts.tables.validation import print_found

        print_found(found)
        print_ending(after, meter)
        return
    from skills_lib.answers.validations import StagesAnswer, ValidationAnswer

    if isinstance(found, StageAnswers):
        print_answer(ended(StagesAnswer.of(found), after, meter), "validate", found.model_dump())
    else:
        print_answer(ended(ValidationAnswer.of(found), after, meter), "validate")


def _after_validation(found: "ValidationResult | StageAnswers", given: "dict[str, object]") -> str:
    """After FAIL another idea; after the rest more evidence on other assets, then the list of all trials."""
    from skills_lib.validate.model import StageAnswers

    market = (found.strategy, found.symbol, found.timeframe)
    if isinstance(found, StageAnswers):
        return command("validate", *market, *carried(validate, given | {"only": None}, validate))
    if found.verdict.label == "FAIL":
        return new_idea()
    others = [asset for asset in ASSETS if asset != found.symbol.removesuffix("USDT")]
    if given["symbols"] or given["data"] or given["open_sealed"] or len(others) == len(ASSETS):
        return command("ledger")
    return command("validate", *market, *carried(validate, given, validate), "--symbols", ",".join(others))


def _after_resampling(result: "RunResampled", data: Path | None) -> str:
    """A validation of the same strategy; another idea where half of the resampled histories lose money."""
    shares = [sampled.loss_share for sampled in (result.trades, result.days) if sampled is not None]
    if not shares or max(share or 0 for share in shares) >= HALF:
        return new_idea()
    where = ("--source", "sample") if result.synthetic else ("--data", data) if data else ()
    return command("validate", result.strategy, result.symbol, result.timeframe, *where)
