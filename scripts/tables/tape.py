"""Prints checks and summaries of recorded order books."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.market.depth.latency import LatencyReport
    from skills_lib.market.depth.tape.info import TapeInfo
    from skills_lib.market.depth.tape.record import Recorded
    from skills_lib.market.depth.tape.report import TapeReport

_DEFECTS = ("chain_breaks", "crossed_books", "malformed", "repeated")


def print_report(report: "TapeReport") -> None:
    """Print a check: counts, defects, and the book at the end."""
    screen = Screen()
    state = "in sync" if report.in_sync else "OUT OF SYNC"
    screen.flow([f"{report.symbol} {report.venue}", f"{report.lines:,} lines", f"book {state}"])
    screen.flow(_span(report.first_local_ts_ns, report.last_local_ts_ns))
    screen.flow(f"{kind.replace('_', ' ')} {count:,}" for kind, count in report.messages.items())
    screen.flow(f"{name.replace('_', ' ')} {getattr(report, name):,}" for name in _DEFECTS)
    screen.text(
        f"best prices equal to bookTicker at {report.bbo_matched:,} of {report.bbo_checked:,} shared update ids"
    )
    _print_book(screen, report)
    _print_end(screen, report.latency, report.problems)


def print_info(found: "TapeInfo") -> None:
    """Print a summary: files, times, and messages by symbol and kind."""
    screen = Screen()
    sizes = (f"{len(found.files)} files", f"{found.size_bytes:,} bytes", f"{found.lines:,} lines")
    screen.flow([*sizes, found.origin or ""])
    screen.flow(_span(found.first_local_ts_ns, found.last_local_ts_ns))
    for name, kinds in found.symbols.items():
        screen.flow([name or "(responses)", *(f"{kind} {count:,}" for kind, count in kinds.items())])
    _print_end(screen, found.latency, found.problems)


def print_tapes(tapes: "Sequence[Recorded]") -> None:
    """Print where each symbol was recorded."""
    screen = Screen()
    for tape in tapes:
        screen.path(f"{tape.symbol}: {tape.lines:,} lines, {tape.gaps} gaps, in", tape.folder)


def _print_book(screen: Screen, report: "TapeReport") -> None:
    if not (report.levels and report.top5):
        return
    screen.text(f"update {report.final_update_id}: {report.levels.bids:,} bids, {report.levels.asks:,} asks")
    levels = zip(report.top5.bids, report.top5.asks, strict=False)
    columns = [Column("bid size", True), Column("bid", True), Column("ask", True), Column("ask size", True)]
    screen.table(columns, [[Cell(str(text)) for text in (bid[1], bid[0], ask[0], ask[1])] for bid, ask in levels])


def _print_end(screen: Screen, latency: "LatencyReport | None", problems: list[str]) -> None:
    if latency:
        screen.text(
            f"latency by two clocks: min {latency.min_ms:,.1f} ms, median {latency.median_ms:,.0f} ms, "
            f"p99 {latency.p99_ms:,.0f} ms, max {latency.max_ms:,.1f} ms"
        )
    for problem in problems:
        screen.note(problem)


def _span(first_ns: int | None, last_ns: int | None) -> list[str]:
    from datetime import UTC, datetime

    if first_ns is None or last_ns is None:
        return ["no receive times"]
    first, last = (datetime.fromtimestamp(ns / 1e9, UTC) for ns in (first_ns, last_ns))
    return [f"{first:%Y-%m-%dT%H:%M:%SZ} .. {last:%Y-%m-%dT%H:%M:%SZ}", f"{(last_ns - first_ns) / 1e9:,.1f} s"]
