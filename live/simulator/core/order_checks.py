"""Checks of an arriving order: filters, ids, reduce-only, margin, and conditions that depend on the book."""

import re
from dataclasses import replace

from live.enums import OrderType, TimeInForce
from live.money import product
from live.simulator.core import matching, reducing
from live.simulator.core.accounts import ASSET
from live.simulator.core.market import Market
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.core.rejections import Rejection, insufficient_margin, missing
from live.simulator.core.state import State

MIN_GOOD_TILL_MS = 600_000
LAST_GOOD_TILL_MS = 253_402_300_799_000
MAX_CLIENT_ID = 36
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]+")


def check(state: State, market: Market, order: Order) -> None:
    """Check filters, the client order id, reduce-only and margin.

    Raises:
        Rejection: the first rule that is broken.
    """
    request = order.request
    account = state.accounts[request.account]
    account.check_position_side(request.position_side)
    check_client_id(request.client_id, [open_.client_id for open_ in state.open_orders(request.account)])
    reducing.check(state, order)
    check_filters(market, order)
    if len(state.open_orders(request.account, request.symbol)) >= market.rules.max_orders:
        raise Rejection(-2025, "Reach max open order limit.")
    if not request.algo_id:
        check_good_till(request, state.now_ms)
    check_margin(state, order)


def check_filters(market: Market, order: Order) -> None:
    """Check quantity, price and notional against the symbol's filters.

    Raises:
        Rejection: -4001 to -4005, -4013, -4014, -4016, -4023, -4024, -4164.
    """
    request, rules = order.request, market.rules
    rules.check_quantity(order.quantity, request.kind)
    if request.kind is OrderType.LIMIT:
        rules.check_price(order.price)
        rules.check_percent_price(request.side, order.price, market.mark_price)
    if not (request.reduce_only or request.close_position):
        rules.check_notional(product(order.price or market.mark_price, order.quantity))


def check_client_id(client_id: str, taken: list[str]) -> None:
    """Check the id's format, and that no open order uses it.

    Raises:
        Rejection: -4015, -4116.
    """
    if len(client_id) > MAX_CLIENT_ID:
        raise Rejection(-4015, f"Client order id length should be less than {MAX_CLIENT_ID} chars")
    if client_id and not _CLIENT_ID.fullmatch(client_id):
        raise Rejection(-4015, "Client order id is not valid.")
    if client_id and client_id in taken:
        raise Rejection(-4116, "ClientOrderId is duplicated.")


def check_good_till(request: OrderRequest, now_ms: int) -> None:
    """Check that a GTD order has a date, at least ten minutes ahead. Called once: not for a triggered order.

    Raises:
        Rejection: -1102, -5040.
    """
    if request.time_in_force is not TimeInForce.GTD:
        return
    if not request.good_till_ms:
        raise missing("goodTillDate")
    if not now_ms + MIN_GOOD_TILL_MS < request.good_till_ms < LAST_GOOD_TILL_MS:
        raise Rejection(
            -5040,
            "The goodTillDate timestamp must be greater than the current time plus 600 seconds and smaller than "
            f"{LAST_GOOD_TILL_MS}",
        )


def check_margin(state: State, order: Order) -> None:
    """Check that the available balance covers the order's initial margin, without touching the state.

    Raises:
        Rejection: -2019, -2027.
    """
    request, market = order.request, state.markets[order.symbol]
    account = state.accounts[request.account]
    if market.rules.margin != ASSET:  # single-asset mode: the wallet holds none of this symbol's margin asset
        raise insufficient_margin()
    if request.only_reduces:
        return
    before = state.margin(account)
    best = market.best(request.side.opposite) or market.mark_price
    priced = replace(order, price=order.price or best)
    after = state.margin(account, [*state.open_orders(account.name), priced])
    growth = after.order_margin - before.order_margin
    if growth > before.available_for(account.isolated(order.symbol)):
        raise insufficient_margin()
    _check_bracket(state, order, product(priced.price, order.quantity))


def _check_bracket(state: State, order: Order, notional: int) -> None:
    account, market = state.accounts[order.account], state.markets[order.symbol]
    held = account.position(order.symbol, order.request.position_side).notional(market.mark_price)
    max_notional = market.rules.max_notional(account.settings_of(order.symbol).leverage)
    if abs(held + notional * order.side.sign) > max(max_notional, abs(held)):
        raise Rejection(-2027, "Exceeded the maximum allowable position at current leverage.")


def check_arrival(state: State, market: Market, order: Order) -> None:
    """Check post-only, fill-or-kill and the market order bound against the book, if it is fresh.

    Raises:
        Rejection: -5022, -5021, -4131.
    """
    if not market.tradable(state.now_ms):
        return
    force = order.request.time_in_force
    if force is TimeInForce.GTX and matching.would_take(state, order):
        raise Rejection(-5022, "Due to the order could not be executed as maker, the Post Only order will be rejected.")
    reach = matching.reachable(state, order, worst_price(market, order))
    if force is TimeInForce.FOK and reach < order.remaining:
        raise Rejection(-5021, "Due to the order could not be filled immediately, the FOK order has been rejected.")
    if order.request.kind is OrderType.MARKET and not reach and not waits(state, market, order):
        raise Rejection(-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.")


def waits(state: State, market: Market, order: Order) -> bool:
    """True if a market order that finds too little waits for the next diff instead of expiring.

    Either trades and tickers have passed the levels displayed within its bound, so that the diffs to come will show
    where the market is; or it was held in a hole of the tape, and the mark price is still the one from before.
    """
    if order.request.kind is not OrderType.MARKET or not matching.reducible(state, order):
        return False
    return order.held or market.thinned(order.side.opposite, market.bound(order.side))


def worst_price(market: Market, order: Order) -> int:
    """The worst price an order may trade at."""
    return order.price if order.request.kind is OrderType.LIMIT else market.bound(order.side)
