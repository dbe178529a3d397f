"""Profit of a run, and when losses end it: realised and unrealised profit, fees and funding, in units of 1e-8."""

from live.engine.events import CarriedOver
from live.engine.fees import counted
from live.engine.risk.reasons import Reason
from live.engine.state import Day, EngineState, Position
from live.money import SCALE

DAY_NS = 86_400 * 1_000_000_000


def unrealised(state: EngineState, position: Position) -> int:
    """Profit of a position at the mark price, rounded down; 0 before the first mark."""
    mark = state.markets[position.symbol].mark
    return position.quantity * mark // SCALE - position.cost if mark else 0


def profit(state: EngineState) -> int:
    """Change of the account's equity in this run, all fees at what they are counted for."""
    account = state.account
    open_profit = sum(unrealised(state, position) for position in state.positions.values() if position.quantity)
    return account.realised - counted(account) + account.funding + open_profit


def loss_reason(state: EngineState) -> Reason | None:
    """Which loss limit is reached, if one is. Call it after every event that may change the profit or the day.

    It moves the highest profit so far, and at midnight UTC begins a new day: its counters, its profit at the start, and
    which limits were announced as approached.
    """
    now = profit(state)
    state.peak_profit = max(state.peak_profit, now)
    reason = reached(state, now)
    begin_day(state, now)
    return reason


def reached(state: EngineState, now_profit: int) -> Reason | None:
    """The loss limit that a profit reaches, if it does."""
    if loss_today(state, now_profit) >= state.limits.daily_loss:
        return Reason.DAILY_LOSS
    return Reason.DRAWDOWN if drawdown(state, now_profit) >= state.limits.drawdown else None


def begin_day(state: EngineState, now_profit: int) -> None:
    """Begin a new UTC day where the state's time is in one. The rate of orders goes on across midnight."""
    number = state.now_ns // DAY_NS
    if number != state.day.number:
        state.day = Day(number, now_profit, order_times_ns=state.day.order_times_ns)
        state.approached.clear()


def take_over(state: EngineState, carried: CarriedOver) -> None:
    """Go on with the account's day and drawdown. A day that is not before today, as of a clock set back, is today."""
    state.peak_profit = carried.drawdown
    today = state.now_ns // DAY_NS
    if carried.day >= today:
        state.day = Day(today, -carried.profit, carried.trades, carried.orders, carried.fills)


def carried_over(state: EngineState) -> CarriedOver:
    """What the next run goes on with."""
    now, day = profit(state), state.day
    return CarriedOver(
        day=day.number,
        profit=now - day.start_profit,
        trades=day.trades,
        orders=day.orders,
        fills=day.fills,
        drawdown=drawdown(state, now),
    )


def loss_today(state: EngineState, now_profit: int) -> int:
    """Loss since the start of the day, at least 0."""
    return max(state.day.start_profit - now_profit, 0)


def drawdown(state: EngineState, now_profit: int) -> int:
    """Loss from the highest profit of the run, which is at least 0 (the capital)."""
    return max(state.peak_profit - now_profit, 0)
