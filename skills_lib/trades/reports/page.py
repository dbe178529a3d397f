"""A report as a page and as Markdown, from the same sections."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Columns, Polyline
from skills_lib.report.page import Grid, Page, Section
from skills_lib.trades.profit.exact import ZERO, add
from skills_lib.trades.reports.spans import local_text, start_of
from skills_lib.trades.reports.trade_report import TradeReport

_NS = 1_000_000
_DAY_NS = 86_400_000_000_000
_SHOWN_POINTS = 4_000


def trade_page(report: TradeReport) -> Page:
    """The page of a report."""
    return Page(
        title=f"Trades of {report.span.name}",
        about=about(report),
        lead=lead(report),
        banner=banner(report),
        warnings=report.notes,
        sections=sections(report),
        identity=[("Journal head", report.health.head or "no journal"), ("Time zone", report.span.zone.key)],
    )


def about(report: TradeReport) -> str:
    """Span, accounts and strategy."""
    zone, scope = report.span.zone, report.scope
    accounts = ", ".join("/".join(one) for one in scope.accounts) or "no account"
    strategy = f" · {scope.strategy_id}" if scope.strategy_id is not None else ""
    span = f"{local_text(report.span.start_ms, zone)} to {local_text(report.span.until_ms, zone)}"
    return f"{scope.mode} · {accounts}{strategy} · {span}"


def lead(report: TradeReport) -> str:
    """The result in one sentence."""
    money = report.earned.whole
    if not money.fills and not money.funding:
        return f"Nothing was traded: no fill and no funding. {len(report.positions)} positions were open at the end."
    rate = "" if report.win_rate is None else f", of which {report.win_rate * 100:.2f} % ended above 0"
    return f"Net {shown(money.net)} in quote currency, after fees and funding; {money.trades} trades closed{rate}."


def banner(report: TradeReport) -> str:
    """What kind of money it is, where it is none."""
    return "" if report.scope.mode == "live" else f"This is {report.scope.mode} trading: no money was earned or lost."


def sections(report: TradeReport) -> list[Section]:
    """Everything but the lead."""
    made = [_money(report), _days(report), _positions(report), _promised(report), _health(report), _complete(report)]
    return [section for section in made if section is not None]


def _money(report: TradeReport) -> Section:
    money = report.earned.whole
    rows = [
        ("Realised", shown(money.realised)),
        ("Fees", shown(money.fees)),
        ("Funding", shown(money.funding)),
        ("Net", shown(money.net)),
        ("Maximum drawdown of the span", shown(report.earned.max_drawdown)),
        ("Trades closed", str(money.trades)),
        ("Share above 0 after costs", "n/a" if report.win_rate is None else f"{report.win_rate * 100:.2f} %"),
        ("Fills", str(money.fills)),
    ]
    charts = [_cumulative(report)] if report.earned.changes else []
    limits = ["Positions that are open are in no sum: what they would realise is not known before they close."]
    return Section("Profit and loss", grids=[Grid(("", "quote currency"), rows)], charts=charts, limits=limits)


def _cumulative(report: TradeReport) -> Chart:
    """Net profit after each change; of very many changes a part is shown, the last one always."""
    times, sums, now = [report.span.start_ms], [ZERO], ZERO
    for time_ms, _, _, amount in report.earned.changes:
        now = add(now, amount)
        times += [time_ms, time_ms]
        sums += [sums[-1], now]
    every = max(1, len(times) // _SHOWN_POINTS)
    places = np.array([*times[:-1:every], times[-1]], dtype=np.float64) * _NS
    heights = np.array([float(amount) for amount in [*sums[:-1:every], sums[-1]]])
    text = f"Cumulative net profit from 0 to {shown(now)}, with a maximum fall of {shown(report.earned.max_drawdown)}."
    line = Polyline(places, heights, "Net", "strategy")
    return Chart("Cumulative net profit", text, [line], y=Axis(unit="quote currency", include=(0.0,)), height=240)


def _days(report: TradeReport) -> Section | None:
    days = report.earned.days
    if report.span.first == report.span.last or not days:
        return None
    rows = [
        (str(day), str(one.trades), *(shown(amount) for amount in (one.realised, one.fees, one.funding, one.net)))
        for day, one in days.items()
    ]
    left = np.array([start_of(day, report.span.zone) for day in days], dtype=np.float64) * _NS
    net = np.array([float(one.net) for one in days.values()])
    layers = [Columns(left, left + _DAY_NS * 0.8, net, "Net", "strategy")]
    chart = Chart("Net by day", f"Net profit of {len(days)} days.", layers, y=Axis(unit="quote currency"), height=200)
    grid = Grid(("Day", "Trades", "Realised", "Fees", "Funding", "Net"), rows)
    return Section("Days", grids=[grid], charts=[chart])


def _positions(report: TradeReport) -> Section:
    if not report.positions:
        return Section("Positions at the end", ["None was open."])
    rows = [
        (one.symbol, one.strategy_id or "by hand", shown(one.quantity), shown(one.entry_price), utc(one.opened_ms))
        for one in report.positions
    ]
    head = ("", "Strategy", "Quantity", "Entry", "Opened, UTC")
    return Section("Positions at the end", grids=[Grid(head, rows, (1,))])


def _promised(report: TradeReport) -> Section:
    paragraphs, paper = [report.promised.sentence], report.paper
    if paper is not None:
        paragraphs.append(
            f"On {paper.mode}: {paper.trades} trades, {shown(paper.net_per_trade)} net a trade, {paper.wins} above 0."
        )
    limits = ["A validation or a replay describes the past; a day is too short to show whether it holds."]
    return Section("Against what was promised", paragraphs, limits=limits)


def _health(report: TradeReport) -> Section:
    health = report.health
    points = [f"Alert {code}: {count}" for code, count in sorted(health.alerts.items())]
    points += [f"Entry refused, {reason}: {count}" for reason, count in sorted(health.refusals.items())]
    points += [f"{head.file}: record {head.sequence}, head {head.hash}" for head in health.heads[:5]]
    text = (
        f"{health.journals} journals were written in this span and {health.runs} runs began: "
        f"{health.alerts.total()} alerts, {health.refusals.total()} entries refused."
    )
    check = f"Keep the head outside, for twokey journal verify: {health.head}" if health.head else ""
    return Section("Errors and health", [text], points, limits=[check] if check else [])


def _complete(report: TradeReport) -> Section:
    known = report.completeness
    rows = [
        (f"{one.subject} {one.symbol}".strip(), one.account, one.first, one.until, one.note or "none")
        for one in known.lists
    ]
    head = ("List", "Account", "Complete from", "Until", "Note")
    grids = [Grid(head, rows, (1, 2, 3, 4))] if rows else []
    return Section("What is known", [known.sentence], grids=grids, limits=[known.forgotten] if known.forgotten else [])


def shown(amount: Decimal) -> str:
    """An amount with all its decimals, without zeros at the end."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def utc(time_ms: int) -> str:
    """A time in UTC to the second."""
    return f"{datetime.fromtimestamp(time_ms // 1_000, UTC):%Y-%m-%d %H:%M:%S}"


def markdown(report: TradeReport) -> str:
    """The report as Markdown."""
    parts = [f"# Trades of {report.span.name}", about(report), f"**{lead(report)}**", banner(report)]
    parts += [f"> {note}" for note in report.notes]
    for section in sections(report):
        parts += [f"## {section.title}", *section.paragraphs, "\n".join(f"- {point}" for point in section.points)]
        parts += [_table(grid) for grid in section.grids]
        parts += [f"*{limit}*" for limit in section.limits]
    return "\n\n".join(_plain(part) for part in parts if part) + "\n"


def _table(grid: Grid) -> str:
    rule = "|".join(["---", *("---" if place in grid.words else "---:" for place in range(1, len(grid.head)))])
    return "\n".join([_row(grid.head), f"|{rule}|", *(_row(row) for row in grid.rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def _plain(text: str) -> str:
    return text.replace("<", "&lt;")
