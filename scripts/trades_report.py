"""`twokey trades report` and `export`: what a day or a period came to, and its lots for taxes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scripts.console import print_answer
from scripts.next_step import command, ended, print_ending
from scripts.opened_store import Url, opened_store
from scripts.options import AsJson

if TYPE_CHECKING:
    from skills_lib.answers.trade_reports import TaxLotsAnswer
    from skills_lib.settings import Settings
    from skills_lib.trades.reports.scope import Scope
    from skills_lib.trades.reports.spans import ReportSpan
    from skills_lib.trades.reports.trade_report import Folders
    from skills_lib.trades.store.model import TradeStore
    from skills_lib.trades.store.rows import TradingMode

Period = Annotated[str | None, typer.Option(help="First and last day, such as 2026-11-01..2026-11-30.")]
Zone = Annotated[str, typer.Option("--tz", help="Time zone whose days these are, such as Europe/Berlin.")]
Strategy = Annotated[str | None, typer.Option(help="Only what this strategy did.", show_default="all")]
Mode = Annotated[
    Literal["live", "demo", "paper"] | None,
    typer.Option(help="Kind of trading; kinds are never added.", show_default="live, else demo, else paper"),
]


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("report")(report)
    app.command("export")(export)


def report(
    day: Annotated[str | None, typer.Option(help="A day, such as 2026-11-20.")] = None,
    period: Period = None,
    zone: Zone = "UTC",
    strategy: Strategy = None,
    mode: Mode = None,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Report a day or a period from the trade log: profit, fees, funding, trades, positions, errors, what was promised.

    Writes a page and Markdown into backtests/trade-reports.

    Example: twokey trades report --day 2026-11-20 --tz Europe/Berlin
    """
    from skills_lib.answers.trade_reports import TradeReportAnswer
    from skills_lib.settings import Settings
    from skills_lib.trades.reports.files import write_report
    from skills_lib.trades.reports.spans import parse_span
    from skills_lib.trades.reports.trade_report import report_of

    settings, span = Settings(), parse_span(day, period, zone)
    with opened_store(url, settings) as opened:
        found = report_of(opened, span, folders(settings), strategy, trading_mode(mode))
    folder = write_report(found, reports_folder(settings))
    step = command("trades", "export", f"lots-{span.name}.csv", "--period", f"{span.first}..{span.last}")
    answer = ended(TradeReportAnswer.of(found, folder), step)
    if json:
        print_answer(answer, "trades-report")
        return
    from scripts.tables.trade_reports import print_report

    print_report(found, folder)
    print_ending(answer.next)


def export(
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    period: Period = None,
    zone: Zone = "UTC",
    method: Annotated[Literal["fifo", "average"], typer.Option(help="Which purchase a sale closes.")] = "fifo",
    strategy: Strategy = None,
    mode: Mode = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Write the lots that were closed, with holding period, cost and fees, and funding, as CSV for taxes.

    Example: twokey trades export taxes-2026.csv --period 2026-01-01..2026-12-31 --tz Europe/Berlin
    """
    from skills_lib.settings import Settings
    from skills_lib.trades.reports.export import export_rows, write_export
    from skills_lib.trades.reports.lots import LotMethod
    from skills_lib.trades.reports.scope import scope_of
    from skills_lib.trades.reports.spans import ALL_DAYS, parse_span

    settings = Settings()
    span = parse_span(None, period or ALL_DAYS, zone)
    with opened_store(url, settings) as opened:
        scope = scope_of(opened, strategy, trading_mode(mode))
        rows = export_rows(opened, scope, span, LotMethod(method))
        write_export(file, rows, force=force)
        answer = _export_answer(opened, scope, span, file, method, rows)
    answer = ended(answer, command("trades", "list"))
    if json:
        print_answer(answer, "trades-export")
        return
    from scripts.tables.trade_reports import print_export

    print_export(answer)
    print_ending(answer.next)


def folders(settings: "Settings") -> "Folders":
    """Where a report looks beside the store."""
    from skills_lib.trades.reports.trade_report import Folders

    return Folders(settings.home, settings.validation_reports_dir, settings.replays_dir)


def reports_folder(settings: "Settings") -> Path:
    """Where reports are written."""
    return settings.home / "backtests" / "trade-reports"


def trading_mode(name: str | None) -> "TradingMode | None":
    """The mode of an option."""
    from skills_lib.trades.store.rows import TradingMode

    return TradingMode(name) if name else None


def _export_answer(
    store: "TradeStore", scope: "Scope", span: "ReportSpan", file: Path, method: str, rows: list[list[str]]
) -> "TaxLotsAnswer":
    from skills_lib.answers.trade_reports import TaxLotsAnswer, known
    from skills_lib.trades.reports.completeness import completeness_of
    from skills_lib.trades.reports.export import sums_of

    found, sums = completeness_of(store, scope, span), sums_of(rows)
    lots = sum(row[0] == "lot" for row in rows)
    return TaxLotsAnswer(
        file=str(file.absolute()),
        method=method,
        lots=lots,
        funding_rows=len(rows) - lots,
        **sums,
        mode=str(scope.mode),
        span={"name": span.name, "zone": span.zone.key},
        complete=found.complete,
        known=known(found),
    )
