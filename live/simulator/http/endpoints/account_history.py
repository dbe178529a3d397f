"""Queries of what happened to an account: its income, its liquidations, margin moved."""

from collections.abc import Iterator
from typing import Any

from live.simulator.core.orders import Income
from live.simulator.core.rejections import illegal
from live.simulator.http.endpoints.endpoint import Call, Endpoint, Security, with_symbol
from live.simulator.http.endpoints.windows import (
    MONTH_MS,
    QUARTER_MS,
    WEEK_MS,
    kept,
    page_of,
    read_window,
    recent,
    rows,
)
from live.simulator.payloads import accounts, orders


async def income(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/income`: oldest first from the start of the window, a `page` of `limit` rows; three months back."""
    limit, window = call.params.limit(100, 1000), read_window(call.params, WEEK_MS)
    window = kept(recent(call.params, window, call.state.now_ms, WEEK_MS), call.state.now_ms - QUARTER_MS)
    found = (entry for entry in _incomes(call) if entry.time_ms in window)
    return [accounts.income(entry) for entry in page_of(call.params, found, limit)]


def _incomes(call: Call) -> Iterator[Income]:
    symbol, kind = call.optional_symbol(), call.params.get("incomeType")
    for entry in call.state.incomes:
        if entry.account == call.owner and symbol in ("", entry.symbol) and kind in ("", entry.kind):
            yield entry


async def force_orders(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/forceOrders`: liquidations and ADL of the account, oldest first."""
    symbol, limit, window = call.optional_symbol(), call.params.limit(50, 100), read_window(call.params, WEEK_MS)
    window = recent(call.params, window, call.state.now_ms, WEEK_MS)
    kinds = _auto_close_types(call)
    found = (
        order
        for order in call.state.orders.values()
        if orders.auto_close_type(order) in kinds
        and order.account == call.owner
        and symbol in ("", order.symbol)
        and order.created_ms in window
    )
    return [orders.forced(order, call.rules(order.symbol)) for order in rows(found, limit, window.from_start)]


def _auto_close_types(call: Call) -> tuple[orders.AutoClose, ...]:
    if not call.params.get("autoCloseType"):
        return tuple(orders.AutoClose)
    return (call.params.choice("autoCloseType", orders.AutoClose),)


async def margin_moves(call: Call) -> list[dict[str, Any]]:
    """`GET /fapi/v1/positionMargin/history`: margin that the user moved, oldest first; 30 days back."""
    symbol, kind, limit = call.rules().symbol, call.params.integer("type"), call.params.limit(500, 1000)
    if kind not in (0, 1, 2):
        raise illegal("type")
    window = kept(read_window(call.params, MONTH_MS, MONTH_MS), call.state.now_ms - MONTH_MS)
    found = (
        entry
        for entry in call.state.margin_moves
        if entry.account == call.owner
        and entry.symbol == symbol
        and kind in (0, accounts.move_type(entry))
        and entry.time_ms in window
    )
    return [accounts.margin_move(entry) for entry in rows(found, limit, window.from_start)]


SIGNED = Security.SIGNED
ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/income", income, 30, SIGNED),
    Endpoint("GET", "/fapi/v1/forceOrders", force_orders, with_symbol(20, 50), SIGNED),
    Endpoint("GET", "/fapi/v1/positionMargin/history", margin_moves, 1, SIGNED),
]
