"""Writes a report's files: whole or not at all, and again whenever the figures changed."""

import os
from pathlib import Path

from skills_lib.report.drawings import PAGE
from skills_lib.trades.reports.trade_report import TradeReport

MARKDOWN = "report.md"


def write_report(report: TradeReport, parent: Path) -> Path:
    """Write page and Markdown into a folder of the report's span, mode and strategy, which is returned.

    Raises:
        OSError: it cannot be written.
    """
    from skills_lib.report.page import render
    from skills_lib.trades.reports.page import markdown, trade_page

    folder = parent / _name(report)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / MARKDOWN, markdown(report))
    write_whole(folder / PAGE, render(trade_page(report)))
    return folder


def _name(report: TradeReport) -> str:
    strategy = report.scope.strategy_id
    zone = report.span.zone.key.replace("/", "-")
    return "_".join([report.span.name, zone, report.scope.mode, *([_safe(strategy)] if strategy is not None else [])])


def _safe(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text)[:60]


def write_whole(path: Path, text: str) -> None:
    """Write a text file in one step: a reader sees the old or the new one."""
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
