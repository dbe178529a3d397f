"""`twokey tear-sheet`: quantstats' page of a stored run."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.console import print_answer
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tear-sheet")(tear_sheet)


def tear_sheet(
    run_id: Annotated[str, typer.Argument(help="Run id, or its first characters; `twokey runs` lists them.")],
    data: Annotated[Path | None, typer.Option(help="File with the run's candles; by default from the cache.")] = None,
    json: AsJson = False,
) -> None:
    """Write quantstats' tear sheet of a stored run beside buy and hold into the run's folder, as one offline page.

    Example: twokey tear-sheet 3f9a
    """
    from skills_lib.backtest.report.tear_sheet import write_tear_sheet
    from skills_lib.backtest.results import RunStore
    from skills_lib.settings import Settings

    settings = Settings()
    store = RunStore(settings.results_dir)
    path = write_tear_sheet(store, run_id, data, settings)
    after = command("monte-carlo", path.parent.name, *(("--data", data) if data else ()))
    if json:
        from skills_lib.answers.backtests import TearSheetAnswer

        print_answer(ended(TearSheetAnswer(run_id=path.parent.name, tear_sheet=path), after), "tear-sheet")
    else:
        from scripts.tables.screen import Screen

        Screen().path("In-sample tear sheet, costs included:", path)
        print_ending(after)
