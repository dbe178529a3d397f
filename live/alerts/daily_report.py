"""What a UTC day came to, said once after its end, with the head of the journal: kept outside, it shows a cut tail."""

from datetime import date, timedelta
from typing import Final

import msgspec

from live.alerts.notice import Notice, Severity
from live.engine.risk.profit import profit
from live.engine.risk.uses import current
from live.engine.state import EngineState
from live.money import show

_CENTS: Final = 2
_EPOCH: Final = date(1970, 1, 1)


class DayFigures(msgspec.Struct, frozen=True):
    """A day so far. Money in units of 1e-8; highest: the limit of which the largest part was used, in percent."""

    number: int
    profit: int
    fees: int
    funding: int
    trades: int
    orders: int
    fills: int
    highest: tuple[str, int]


class DailyReport:
    """Keeps the figures of the day of one run. Call `on_time` often enough that a day's last figures are its own."""

    def __init__(self) -> None:
        self._latest: DayFigures | None = None
        self._fees = self._funding = 0

    def on_time(self, state: EngineState, journal_head: str) -> Notice | None:
        """The report of the day before, at the first call of a new one."""
        latest, highest = self._latest, _highest(state)
        ended = latest is not None and latest.number != state.day.number
        if latest is None or ended:
            self._fees, self._funding = state.account.fees, state.account.funding
        elif highest[1] < latest.highest[1]:
            highest = latest.highest
        self._latest = self._figures(state, highest)
        if latest is None or not ended:
            return None
        return Notice(state.now_ns, "daily_report", "", Severity.INFO, report_text(latest, journal_head))

    def _figures(self, state: EngineState, highest: tuple[str, int]) -> DayFigures:
        day, account = state.day, state.account
        return DayFigures(
            number=day.number,
            profit=profit(state) - day.start_profit,
            fees=account.fees - self._fees,
            funding=account.funding - self._funding,
            trades=day.trades,
            orders=day.orders,
            fills=day.fills,
            highest=highest,
        )


def report_text(figures: DayFigures, journal_head: str) -> str:
    """The report in four lines."""
    day = _EPOCH + timedelta(days=figures.number)
    limit, percent = figures.highest
    return "\n".join(
        (
            f"{day} UTC: profit {_usd(figures.profit)}, fees and funding counted in, open positions at the mark price.",
            f"Fees {_usd(figures.fees)}, funding {_usd(figures.funding)}.",
            f"Trades {figures.trades}, orders {figures.orders}, fills {figures.fills}; of the limits, "
            f"{limit} was used up furthest: {percent} %.",
            f"Journal head {journal_head}. Keep it: twokey journal verify FILE --head {journal_head}",
        )
    )


def _highest(state: EngineState) -> tuple[str, int]:
    shares = [(use.limit, 100 * use.used // use.allowed) for use in current(state) if use.allowed]
    return max(shares, key=lambda share: share[1], default=("none", 0))


def _usd(amount: int) -> str:
    return f"{show(amount, _CENTS)} USD"
