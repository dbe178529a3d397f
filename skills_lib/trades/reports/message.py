"""A report as a message of a few lines."""

from skills_lib.trades.reports.page import banner, lead, shown
from skills_lib.trades.reports.trade_report import TradeReport


def message(report: TradeReport) -> str:
    """The report in short, with the head of the journal: kept outside, it shows a cut tail."""
    money, health = report.earned.whole, report.health
    held = ", ".join(f"{one.symbol} {shown(one.quantity)}" for one in report.positions) or "none"
    lines = [
        f"{report.span.name} {report.span.zone.key}: {lead(report)}",
        banner(report),
        f"Realised {shown(money.realised)}, fees {shown(money.fees)}, funding {shown(money.funding)}; "
        f"maximum drawdown {shown(report.earned.max_drawdown)}. Open positions: {held}.",
        f"{health.alerts.total()} alerts, {health.refusals.total()} entries refused.",
        *report.notes,
        report.promised.sentence,
        report.completeness.sentence,
        f"Journal head {health.head}. Keep it: `twokey journal verify` compares with it." if health.head else "",
    ]
    return "\n".join(line for line in lines if line)
