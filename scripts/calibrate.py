"""`twokey calibrate`: measure the error rates of the verdict on generated markets with a known edge."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from skills_lib.calibrate.model import Calibration
    from skills_lib.calibrate.pipeline import CalibrationRequest
    from skills_lib.progress import Progress

FAMILY = "sma_crossover"
"""The strategy that is validated on every market; STRENGTHS are calibrated to its parameter grid."""
AFTERWARDS = command("validate", FAMILY, "BTC", "1h")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate")(calibrate)


def calibrate(
    markets: Annotated[int, typer.Option(help="Markets without an edge, a third of each kind.")] = 200,
    planted: Annotated[
        int | None, typer.Option(help="Markets per planted Sharpe ratio.", show_default="a quarter of --markets")
    ] = None,
    sharpe: Annotated[
        list[float] | None,
        typer.Option(help="Annual Sharpe ratio to plant; repeatable.", show_default="0.5, 1, 1.5, 2, 2.5 and 3"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all markets and samples.")] = 1,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of hourly files such as BTCUSDT_1h.csv.gz; by default the cache or the sample."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Validate on markets without an edge and with a planted one, and count the verdict's errors.

    Reports the rate of false PASS with its 95 % interval, the power, and two naive rules on the same markets. Takes
    about a second per market and core. Progress is saved; rerun to resume. Stored under backtests/calibrations.

    Example: twokey calibrate --markets 200 --seed 1
    """
    with progress_bar(shown=not json) as progress:
        from skills_lib.calibrate.pipeline import CalibrationRequest

        request = CalibrationRequest.parse(markets, planted, sharpe or [], seed)
        result = _calibrated(request, data_dir, progress)
        if json:
            from skills_lib.answers.validations import CalibrationAnswer

            print_answer(ended(CalibrationAnswer.of(result), AFTERWARDS), "calibrate")
    if not json:
        _print(result)
        print_ending(AFTERWARDS)
    from scripts.drawing import finish_drawings
    from skills_lib.calibrate.report.draw import drawings

    finish_drawings(drawings(result))


def _calibrated(request: "CalibrationRequest", data_dir: Path | None, progress: "Progress") -> "Calibration":
    import strategies
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.strategy import LoadedStrategy
    from skills_lib.calibrate.histories import find_histories
    from skills_lib.calibrate.pipeline import calibrate as calibrate_on
    from skills_lib.settings import Settings

    home = Settings()
    subject = LoadedStrategy(FAMILY, strategies.load(FAMILY), strategies.source_file(FAMILY))
    return calibrate_on(
        subject, request, find_histories(home, data_dir), BacktestSettings(), home.calibrations_dir, progress
    )


def _print(result: "Calibration") -> None:
    from scripts.tables.layout import Cell, Column
    from scripts.tables.screen import Screen
    from skills_lib.calibrate.report.markdown import percent

    screen, planted = Screen(), result.planted
    headings = ["no edge", *(f"Sharpe {found.sharpe:g}" for found in planted)]
    rows = [["markets", f"{result.null.markets:,}", *(f"{found.markets:,}" for found in planted)]]
    rows.append(["PASS", percent(result.null.rate), *(percent(found.power) for found in planted)])
    rows += [
        [f"naive: {naive.rule}", percent(naive.null.rate), *(percent(p.power) for p in naive.planted)]
        for naive in result.naive.values()
    ]
    columns = [Column(""), *(Column(heading, right=True) for heading in headings)]
    screen.table(columns, [[Cell(text) for text in row] for row in rows])
    low, high = map(percent, result.null.ci95)
    screen.text(f"False PASS: {result.null.passes} of {result.null.markets:,}, 95 % interval {low} to {high}")
    screen.text(f"Null markets from {result.source}", "dim")
    for text in result.warnings:
        screen.note(text)
    screen.path("Report", result.artifacts.page)
