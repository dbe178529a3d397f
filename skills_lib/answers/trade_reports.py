"""Answers about days and periods of trading, and about the file of lots. Money is decimal text, without rounding."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from skills_lib.answers.model import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from skills_lib.trades.reports.trade_report import TradeReport


class TradeReportAnswer(Answer):
    """A day or a period of trading.

    `pnl`: realised, fees, funding, net, in quote currency. `trades`: closed in the span; `win_rate`: share of them
    above 0 after costs. `positions`: open at its end. `errors`: counts of alerts, refused entries, standing
    discrepancies, unknown income, unreadable journals. `promised`: of the newest stored validation or replay; `source`
    is empty where nothing was. `complete`: whether trades and income of the whole span were synchronised; `known`: from
    when, for which symbols, and what the venue no longer shows. `days`: those with a trade, a fill or funding.
    """

    MATTERS: ClassVar = ("pnl", "positions", "errors", "promised")

    pnl: dict[str, str]
    trades: int
    win_rate: float | None
    fees: str
    funding: str
    max_drawdown: str
    positions: list[dict[str, str]]
    errors: dict[str, Any]
    promised: dict[str, Any]
    journal_head: str
    mode: str
    span: dict[str, str]
    accounts: list[str]
    strategy: str | None
    complete: bool
    known: dict[str, Any]
    notes: list[str]
    days: list[dict[str, Any]]
    journals: list[dict[str, Any]]
    files: dict[str, str]

    @classmethod
    def of(cls, report: "TradeReport", folder: "Path") -> Self:
        """The answer about a report whose files are in `folder`."""
        from skills_lib.report.drawings import PAGE
        from skills_lib.trades.reports.files import MARKDOWN

        money, span = report.earned.whole, report.span
        return cls(
            pnl=_pnl(money),
            trades=money.trades,
            win_rate=None if report.win_rate is None else float(report.win_rate),
            fees=_text(money.fees),
            funding=_text(money.funding),
            max_drawdown=_text(report.earned.max_drawdown),
            positions=[_position(one) for one in report.positions],
            errors=_errors(report),
            promised=_promised(report),
            journal_head=report.health.head,
            mode=str(report.scope.mode),
            span={"name": span.name, "zone": span.zone.key, **_edges(report)},
            accounts=["/".join(one) for one in report.scope.accounts],
            strategy=report.scope.strategy_id,
            complete=report.completeness.complete,
            known=_known(report),
            notes=report.notes,
            days=[{"day": str(day), "trades": one.trades, **_pnl(one)} for day, one in report.earned.days.items()],
            journals=[{"file": one.file, "sequence": one.sequence, "head": one.hash} for one in report.health.heads],
            files={"page": str(folder / PAGE), "markdown": str(folder / MARKDOWN)},
        )


class TaxLotsAnswer(Answer):
    """A file of lots and funding. `gross`, `fees`, `funding`, `net`: sums of its columns. `known`: as of a report."""

    file: str
    method: str
    lots: int
    funding_rows: int
    gross: str
    fees: str
    funding: str
    net: str
    mode: str
    span: dict[str, str]
    complete: bool
    known: dict[str, Any]


def _text(amount: Any) -> str:
    from skills_lib.trades.store.money import plain_text

    return plain_text(amount)


def _pnl(money: Any) -> dict[str, str]:
    return {name: _text(getattr(money, name)) for name in ("realised", "fees", "funding", "net")}


def _edges(report: "TradeReport") -> dict[str, str]:
    from skills_lib.trades.reports.spans import local_text

    zone = report.span.zone
    return {"start": local_text(report.span.start_ms, zone), "until": local_text(report.span.until_ms, zone)}


def _position(one: Any) -> dict[str, str]:
    return {
        "symbol": one.symbol,
        "side": one.side,
        "quantity": _text(one.quantity),
        "entry_price": _text(one.entry_price),
        "strategy": one.strategy_id,
        "account": f"{one.venue}/{one.account}",
    }


def _errors(report: "TradeReport") -> dict[str, Any]:
    health = report.health
    return {
        "alerts": dict(health.alerts),
        "refusals": dict(health.refusals),
        "discrepancies": report.discrepancies,
        "unknown_income": report.unknown_income,
        "unreadable_journals": health.unreadable,
        "runs": health.runs,
    }


def _promised(report: "TradeReport") -> dict[str, Any]:
    one, paper = report.promised, report.paper
    names = ("source", "strategy", "id", "created_at", "verdict", "synthetic", "figures", "sentence")
    found = {name: getattr(one, name) for name in names}
    if paper is not None:
        amounts = {"net": _text(paper.net), "net_per_trade": _text(paper.net_per_trade)}
        found["paper"] = {"mode": paper.mode, "trades": paper.trades, "wins": paper.wins, **amounts}
    return found


def _known(report: "TradeReport") -> dict[str, Any]:
    return known(report.completeness)


def known(found: Any) -> dict[str, Any]:
    """What a `Completeness` says, as fields."""
    lists = [
        {"list": f"{one.subject} {one.symbol}".strip(), "account": one.account, "from": one.first, "until": one.until}
        | ({"note": one.note} if one.note else {})
        for one in found.lists
    ]
    return {"sentence": found.sentence, "symbols": list(found.symbols), "lists": lists, "forgotten": found.forgotten}
