"""The page of a replay: the verdict first, then what it rests on, with the limits of the method beside the figures."""

from collections.abc import Sequence
from typing import NamedTuple

from live.replay.figures.trades import TradeFigures
from live.replay.figures.verdict import VerdictWord
from live.replay.figures.words import counted, in_bps, interval_text, percent
from live.replay.report.charts import controls_chart, cumulative_chart, fee_chart, markout_chart, means_chart
from live.replay.report.method import METHOD_LIMITS
from live.replay.report.sweep_charts import sweep_charts
from live.replay.study.model import ReplayReport, SweepPoint, VariantLine
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.time import utc
from skills_lib.market.depth.tape.sample import SYNTHETIC_TAPE
from skills_lib.report.page import Grid, Mood, Page, Section, Verdict

MOODS: dict[VerdictWord, Mood] = {
    VerdictWord.SURVIVES: "good",
    VerdictWord.NOT_SHOWN: "medium",
    VerdictWord.TOO_FEW_TRADES: "medium",
    VerdictWord.DOES_NOT_SURVIVE: "bad",
}
LABELS: dict[VerdictWord, str] = {
    VerdictWord.SURVIVES: "SURVIVES ITS COSTS HERE",
    VerdictWord.NOT_SHOWN: "NOT SHOWN",
    VerdictWord.TOO_FEW_TRADES: "TOO FEW TRADES",
    VerdictWord.DOES_NOT_SURVIVE: "DOES NOT SURVIVE ITS COSTS",
}
MAX_SWEEP_ROWS = 30
_LINE_HEAD = ("trades", "gross bp", "net bp", "95 % interval of net")


class TradeMeans(NamedTuple):
    """Gross and net bps by trade, each float64[trades]."""

    gross_bps: FloatArray
    net_bps: FloatArray


def replay_page(report: ReplayReport, means: TradeMeans) -> Page:
    """The page of a report; `means`: of the same one."""
    verdict, strategy = report.verdict, report.strategy
    return Page(
        title=f"Replay of order-book imbalance on {', '.join(strategy.symbols)}",
        about=_about(report),
        lead=verdict.sentence,
        banner=SYNTHETIC_TAPE if report.synthetic else "",
        verdict=Verdict(LABELS[verdict.word], MOODS[verdict.word], verdict.reasons),
        sections=[section for section in _sections(report, means) if section is not None],
        identity=_identity(report),
    )


def _about(report: ReplayReport) -> str:
    strategy, tapes = report.strategy, report.tapes
    span = f"{utc(tapes[0].first_ns)} to {utc(tapes[-1].end_ns)} UTC"
    how = f"{strategy.fills} fills · latency {strategy.latency} · in-sample"
    return f"{counted(len(tapes), 'tape')} · {span} · {how}"


def _sections(report: ReplayReport, means: TradeMeans) -> Sequence[Section | None]:
    return (
        _trades(report, means),
        _costs(report),
        _controls(report),
        _sensitivity(report),
        _makers(report.figures),
        _refusals(report),
        _sweep(report),
        _tapes(report),
        Section("Limits of the method", points=METHOD_LIMITS),
    )


def _trades(report: ReplayReport, means: TradeMeans) -> Section:
    found = report.figures
    rows = [
        ("Trades", f"{found.trades:,}"),
        ("Gross", f"{in_bps(found.gross_bps)}, 95 % interval {interval_text(found.gross_bps)}"),
        ("Net", f"{in_bps(found.net_bps)}, 95 % interval {interval_text(found.net_bps)}"),
        ("Net, all trades", f"{found.net_usd:,.2f}"),
        ("Wins after costs", percent(found.win_rate, found.trades)),
        ("Wins that would break even", percent(found.break_even_win_rate, found.trades)),
        ("Profit factor", "n/a" if found.profit_factor is None else f"{found.profit_factor:.2f}"),
        ("Exits", ", ".join(f"{count:,} {reason}" for reason, count in found.exits.items() if count) or "none"),
        ("Time in market", percent(found.time_in_market, found.trades)),
        ("Mean hold", "n/a" if found.mean_hold_s is None else f"{found.mean_hold_s:.1f} s"),
    ]
    charts = [cumulative_chart(*means)] if found.trades else []
    return Section("Trades", charts=charts, grids=[Grid(("", ""), rows, words=(1,))])


def _costs(report: ReplayReport) -> Section | None:
    found = report.figures
    if found.cost_bps is None or found.break_even_cost_bps is None:
        return None
    text = (
        f"A round trip cost {found.cost_bps:.1f} bp of its value in fees less funding; spread and slippage are in the "
        f"gross figure already. It would break even at {in_bps(found.gross_bps)}, the gross mean."
    )
    note = "The same trades at other fees, recomputed exactly from gross: at other costs the engine might trade less."
    charged = found.cost_bps / 2
    return Section("Costs", [text], charts=[fee_chart(report.sensitivity.fee, charged)], limits=[note])


def _controls(report: ReplayReport) -> Section:
    controls, rank = report.controls, report.controls.rank
    text = (
        f"Random entries: {rank.as_good} of {counted(rank.runs, 'run')} earn at least as much as the strategy. "
        f"Inverted: every signal turned round. Delayed: every signal {controls.delay_s:g} s late. A signal that says "
        "something earns more than random entries, loses when it is inverted, and fades when it is late."
    )
    rows = [
        (f"{name}, {model}", *_cells(line))
        for name, by_model in controls.lines.items()
        for model, line in by_model.items()
    ]
    note = f"The row of random entries under {report.strategy.fills} fills pools all runs, the others are one run."
    chart = controls_chart(controls, report.strategy.fills)
    return Section(
        "Controls and fill models", [text], charts=[chart], grids=[Grid(("", *_LINE_HEAD), rows)], limits=[note]
    )


def _sensitivity(report: ReplayReport) -> Section:
    axes = report.sensitivity
    charts = [
        means_chart("By threshold", "buy ratio; the sell ratio moves with it", axes.threshold),
        means_chart("By depth", "levels a side", axes.depth),
        means_chart("By latency", "median one-way delay, ms", axes.latency),
    ]
    rows = [
        (f"{name} {point.text}{' (as replayed)' if point.chosen else ''}", *_cells(point))
        for name, points in (("threshold", axes.threshold), ("depth", axes.depth), ("latency", axes.latency))
        for point in points
    ]
    note = "Thresholds and depths here are counted in the trial ledger: to choose by these pictures is a search."
    return Section("Sensitivity", charts=charts, grids=[Grid(("", *_LINE_HEAD), rows)], limits=[note])


def _makers(found: TradeFigures) -> Section | None:
    if not found.maker_fills:
        return None
    rows = [(f"{one.seconds:g} s", f"{one.fills:,}", in_bps(one.bps), interval_text(one.bps)) for one in found.markouts]
    text = (
        f"{counted(found.maker_fills, 'fill')} of orders that rested. Markout is the mid price after the fill against "
        "the fill's price, positive if it moved for us: below 0, those who traded with us knew more."
    )
    head = ("after the fill", "fills", "mean", "95 % interval")
    return Section("Maker fills", [text], charts=[markout_chart(found.markouts)], grids=[Grid(head, rows)])


def _refusals(report: ReplayReport) -> Section:
    rows = [(reason, f"{count:,}") for reason, count in report.refused.items()]
    text = (
        f"The signal named a side on {counted(report.signals, 'book')} of {report.updates:,}. Entry orders sent: "
        f"{report.entries:,}; refused by risk: {sum(report.refused.values()):,}."
    )
    return Section("Signals and refusals", [text], grids=[Grid(("refused by", "times"), rows)])


def _sweep(report: ReplayReport) -> Section | None:
    if not report.swept:
        return None
    ordered = sorted(report.swept, key=lambda point: (not point.chosen, -(point.t if point.t is not None else -99.0)))
    found = report.deflation
    t = "n/a" if found.t is None else f"{found.t:.2f}"
    probability = "n/a" if found.probability is None else f"{100 * found.probability:.0f} %"
    text = (
        f"{counted(len(report.swept), 'combination')}, chosen by the t of the net mean. Counted on this data: "
        f"{counted(found.trials, 'trial')}. The best of so many without an edge is expected to show t = "
        f"{found.luck_t:.2f}, and this one shows {t}. Probability that it is above luck: {probability}."
    )
    grid = Grid(("", *_LINE_HEAD, "t"), [_sweep_row(point) for point in ordered[:MAX_SWEEP_ROWS]])
    more = len(ordered) - MAX_SWEEP_ROWS
    limits = [f"{more:,} more are in result.json."] if more > 0 else []
    return Section("Sweep", [text], charts=sweep_charts(report.swept), grids=[grid], limits=limits)


def _sweep_row(point: SweepPoint) -> tuple[str, ...]:
    name = ", ".join(f"{name}={value}" for name, value in point.parameters.items())
    chosen = " (chosen)" if point.chosen else ""
    return (f"{name}{chosen}", *_cells(point), "n/a" if point.t is None else f"{point.t:.2f}")


def _tapes(report: ReplayReport) -> Section:
    rows = [
        (
            tape.tape,
            f"{utc(tape.first_ns)} to {utc(tape.end_ns)}",
            f"{tape.updates:,}",
            f"{tape.signals:,}",
            *_cells(tape),
        )
        for tape in report.tapes
    ]
    pooled = "Trades are pooled; blocks of the bootstrap never cross from one tape to another."
    limits = [*([pooled] if len(rows) > 1 else []), *([report.left_open] if report.left_open else [])]
    head = ("tape", "UTC", "books", "signals", *_LINE_HEAD)
    return Section("Tapes", grids=[Grid(head, rows, words=(1,))], limits=limits)


def _cells(line: VariantLine) -> tuple[str, ...]:
    gross, net = (in_bps(found).removesuffix(" bp") for found in (line.gross_bps, line.net_bps))
    return f"{line.trades:,}", gross, net, interval_text(line.net_bps)


def _identity(report: ReplayReport) -> list[tuple[str, str]]:
    strategy = report.strategy
    return [
        ("id", report.id),
        ("decisions", report.decisions_sha256),
        *((f"tape {tape.tape}", tape.sha256) for tape in report.tapes),
        ("parameters", ", ".join(f"{name}={value}" for name, value in strategy.settings.items())),
        ("limits", ", ".join(f"{name}={value}" for name, value in strategy.limits.items())),
        ("capital", strategy.capital),
        ("seed", str(strategy.seed)),
    ]
