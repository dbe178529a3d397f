"""Prints reports of days and periods of trading."""

from pathlib import Path
from typing import TYPE_CHECKING

from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.trade_reports import TaxLotsAnswer
    from skills_lib.trades.reports.trade_report import TradeReport


def print_report(report: "TradeReport", folder: Path) -> None:
    """Print the figures, and where the page is."""
    from skills_lib.report.drawings import PAGE
    from skills_lib.trades.reports.page import about, banner, lead, shown

    screen, money, health = Screen(), report.earned.whole, report.health
    if text := banner(report):
        screen.note(text)
    screen.text(about(report), "dim")
    screen.text(lead(report), "bold")
    screen.text(
        f"Realised {shown(money.realised)}, fees {shown(money.fees)}, funding {shown(money.funding)}; "
        f"maximum drawdown {shown(report.earned.max_drawdown)}."
    )
    for one in report.positions:
        screen.text(f"Open {one.symbol}: {shown(one.quantity)} at {shown(one.entry_price)}.")
    screen.text(f"{health.alerts.total()} alerts, {health.refusals.total()} entries refused, {health.runs} runs began.")
    for note in report.notes:
        screen.note(note)
    screen.text(report.promised.sentence)
    screen.text(report.completeness.sentence, "dim")
    screen.text(f"Journal head {health.head or 'none: there is no journal'}")
    screen.path("Page", folder / PAGE)


def print_export(answer: "TaxLotsAnswer") -> None:
    """Print what is in the file."""
    screen = Screen()
    screen.text(
        f"{answer.lots} lots ({answer.method}) and {answer.funding_rows} funding payments of {answer.mode} trading: "
        f"gross {answer.gross}, fees {answer.fees}, funding {answer.funding}, net {answer.net}."
    )
    screen.text(answer.known["sentence"], "dim")
    screen.path("File", answer.file)
