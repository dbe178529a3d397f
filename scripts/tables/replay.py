"""Prints a replay: the verdict first, then the trades, the controls, the fill models and the limits of the method."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from live.replay.figures.words import counted, in_bps, interval_text, percent
from live.replay.report.method import METHOD_LIMITS
from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen
from skills_lib.report.drawings import PAGE

if TYPE_CHECKING:
    from live.replay.study.model import ReplayReport, VariantLine

STYLES = {"survives": "bold green", "does_not_survive": "bold red"}
_HEAD = ("trades", "gross bp", "net bp", "95 % interval of net")
MAX_SWEEP_ROWS = 10


def print_replay(report: "ReplayReport", folder: Path) -> None:
    """Print a stored report."""
    screen, verdict = Screen(), report.verdict
    screen.text(verdict.sentence, STYLES.get(verdict.word.value, "bold yellow"))
    for reason in verdict.reasons:
        screen.note(reason)
    if report.left_open:
        screen.note(report.left_open)
    screen.pairs([_figures(report)])
    if report.swept:
        _print_sweep(screen, report)
    _print_lines(screen, report)
    if len(report.tapes) > 1:
        _print_table(screen, "tape", [(tape.tape, tape) for tape in report.tapes])
    screen.text(" ".join(METHOD_LIMITS), "dim")
    screen.path("Page", folder / PAGE)
    screen.path("Journal", folder / report.tapes[0].journal)


def _figures(report: "ReplayReport") -> list[tuple[str, str]]:
    found = report.figures
    exits = ", ".join(f"{count:,} {reason}" for reason, count in found.exits.items() if count)
    return [
        ("books, signals", f"{report.updates:,}, {report.signals:,}"),
        ("refused entries", ", ".join(f"{count:,} {reason}" for reason, count in report.refused.items()) or "none"),
        ("break-even cost", f"{in_bps(found.gross_bps)} a round trip"),
        ("wins after costs", percent(found.win_rate, found.trades)),
        ("wins that break even", percent(found.break_even_win_rate, found.trades)),
        ("profit factor", "n/a" if found.profit_factor is None else f"{found.profit_factor:.2f}"),
        ("exits", exits or "none"),
        ("time in market", percent(found.time_in_market, found.trades)),
        ("effective limits", ", ".join(f"{name} {value}" for name, value in report.strategy.limits.items())),
        *((f"markout {one.seconds:g} s", in_bps(one.bps)) for one in found.markouts if one.fills),
    ]


def _print_sweep(screen: Screen, report: "ReplayReport") -> None:
    best = sorted(report.swept, key=lambda point: (not point.chosen, -(point.t if point.t is not None else -99.0)))
    found = report.deflation
    screen.text(
        f"Sweep of {counted(len(report.swept), 'combination')}. The best of {counted(found.trials, 'trial')} on this "
        f"data is expected to reach t = {found.luck_t:.2f} by luck. The first row is the one that is judged."
    )
    rows = [(", ".join(f"{name}={value}" for name, value in point.parameters.items()), point) for point in best]
    _print_table(screen, "parameters", rows[:MAX_SWEEP_ROWS])


def _print_lines(screen: Screen, report: "ReplayReport") -> None:
    lines = [
        (f"{name}, {model}", line)
        for name, by_model in report.controls.lines.items()
        for model, line in by_model.items()
        if name == "strategy" or model == report.strategy.fills
    ]
    _print_table(screen, "signal, fills", lines)
    rank = report.controls.rank
    screen.text(f"{rank.as_good} of {counted(rank.runs, 'run')} of random entries earn at least as much.")


def _print_table(screen: Screen, name: str, lines: "Sequence[tuple[str, VariantLine]]") -> None:
    columns = [Column(name), *(Column(heading, right=True) for heading in _HEAD)]
    screen.table(columns, [[Cell(label), *(Cell(text) for text in _cells(line))] for label, line in lines])


def _cells(line: "VariantLine") -> tuple[str, ...]:
    gross, net = (in_bps(found).removesuffix(" bp") for found in (line.gross_bps, line.net_bps))
    return f"{line.trades:,}", gross, net, interval_text(line.net_bps)
