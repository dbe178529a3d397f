"""User stream payloads. Money as text with eight decimals."""

from collections.abc import Mapping
from typing import Any

from live.money import plain, show
from live.simulator.core.accounts import ASSET
from live.simulator.core.bnb import BNB
from live.simulator.core.events import (
    AccountChanged,
    AlgoChanged,
    AssetModeChanged,
    ConfigChanged,
    Event,
    Executed,
    MarginCalled,
    OrderChanged,
)
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.payloads.orders import actual_type, average_price, shown_kind, shown_time_in_force


def frames(event: Event, rules_of: Mapping[str, SymbolRules]) -> list[dict[str, Any]]:
    """The user stream frames of an event. `E` is when the exchange made the event, not when it arrives."""
    frame = _frame(event, rules_of)
    return [frame] if frame else []


def _frame(event: Event, rules_of: Mapping[str, SymbolRules]) -> dict[str, Any]:
    frame: dict[str, Any] = {}
    match event:
        case OrderChanged():
            frame = order_trade_update(event, rules_of[event.order.symbol])
        case Executed():
            frame = trade_lite(event, rules_of[event.order.symbol])
        case AccountChanged():
            frame = account_update(event, rules_of)
        case AlgoChanged() if not event.silent:
            frame = algo_update(event, rules_of[event.order.symbol])
        case ConfigChanged():
            leverage = {"s": event.symbol, "l": event.leverage}
            frame = {"e": "ACCOUNT_CONFIG_UPDATE", "E": event.time_ms, "T": event.time_ms, "ac": leverage}
        case AssetModeChanged():
            mode = {"j": event.multi_assets}
            frame = {"e": "ACCOUNT_CONFIG_UPDATE", "E": event.time_ms, "T": event.time_ms, "ai": mode}
        case MarginCalled():
            frame = margin_call(event)
    return frame


def order_trade_update(event: OrderChanged, rules: SymbolRules) -> dict[str, Any]:
    """ORDER_TRADE_UPDATE."""
    order, fill, request = event.order, event.fill, event.order.request
    body = {
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side,
        "o": shown_kind(order),
        "f": request.time_in_force,
        "q": rules.quantity_text(order.quantity),
        "p": rules.price_text(order.price),
        "ap": average_price(order, rules) if order.filled else "0",
        "sp": rules.price_text(request.stop_price) if request.stop_price else "0",
        "x": event.execution,
        "X": order.status,
        "i": order.order_id,
        "l": rules.quantity_text(fill.quantity) if fill else "0",
        "z": rules.quantity_text(order.filled),
        "L": rules.price_text(fill.price) if fill else "0",
        "N": fill.fee_asset if fill else ASSET,
        "n": show(fill.fee) if fill else "0",
        "T": event.time_ms,
        "t": fill.trade_id if fill else 0,
        "b": "0",
        "a": "0",
        "m": fill.maker if fill else False,
        "R": request.reduce_only,
        "wt": request.working_type,
        "ot": request.original_kind or request.kind,
        "ps": request.position_side,
        "cp": request.close_position,
        "AP": "0",
        "cr": "0",
        "pP": request.price_protect,
        "si": 0,
        "ss": 0,
        "rp": show(fill.realized) if fill else "0",
        "V": request.self_trade,
        "pm": request.price_match,
        "gtd": request.good_till_ms,
        "er": str(int(event.expiry_reason)),
    }
    return {"e": "ORDER_TRADE_UPDATE", "T": event.time_ms, "E": event.time_ms, "o": body}


def trade_lite(event: Executed, rules: SymbolRules) -> dict[str, Any]:
    """TRADE_LITE: the short form of a fill."""
    order, fill = event.order, event.fill
    return {
        "e": "TRADE_LITE",
        "E": event.time_ms,
        "T": event.time_ms,
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side,
        "q": rules.quantity_text(order.quantity),
        "p": rules.price_text(order.price),
        "i": order.order_id,
        "l": rules.quantity_text(fill.quantity),
        "L": rules.price_text(fill.price),
        "t": fill.trade_id,
        "m": fill.maker,
    }


def _bnb(event: AccountChanged) -> list[tuple[int, ...]]:
    return [event.bnb] if event.bnb else []


def account_update(event: AccountChanged, rules_of: Mapping[str, SymbolRules]) -> dict[str, Any]:
    """ACCOUNT_UPDATE: the balance and the positions that changed."""
    balance = {"a": ASSET, "wb": show(event.wallet), "cw": show(event.cross_wallet), "bc": show(event.change)}
    positions = [
        {
            "s": position.symbol,
            "pa": rules_of[position.symbol].quantity_text(position.amount) if position.amount else "0",
            "ep": show(position.entry_price),
            "bep": show(position.break_even_price),
            "cr": show(position.realized),
            "up": show(position.unrealized(mark)),
            "mt": "isolated" if isolated else "cross",
            "iw": show(position.isolated_wallet),
            "ps": position.side,
        }
        for position, mark, isolated in event.positions
    ]
    bnb = [{"a": BNB, "wb": show(wallet), "cw": show(wallet), "bc": show(sum(moved))} for wallet, *moved in _bnb(event)]
    body = {"m": event.reason, "B": [balance, *bnb], "P": positions}
    return {"e": "ACCOUNT_UPDATE", "T": event.time_ms, "E": event.time_ms, "a": body}


def algo_update(event: AlgoChanged, rules: SymbolRules) -> dict[str, Any]:
    """ALGO_UPDATE. `act`: the type of the triggered order; `ia`: a trailing stop has reached its activation price."""
    algo, order = event.order, event.order.request.order
    body = {
        "caid": algo.client_id,
        "aid": algo.algo_id,
        "at": "CONDITIONAL",
        "o": algo.request.kind,
        "s": algo.symbol,
        "S": algo.side,
        "ps": order.position_side,
        "f": shown_time_in_force(algo),
        "q": rules.quantity_text(order.quantity),
        "X": algo.status,
        "ai": str(algo.order_id) if algo.order_id else "",
        "ap": rules.rounded_price_text(algo.average_price),
        "aq": rules.quantity_text(algo.filled),
        "act": actual_type(algo) if algo.order_id else "0",
        "tp": rules.price_text(algo.trigger_price),
        "p": rules.price_text(order.price),
        "V": order.self_trade,
        "wt": order.working_type,
        "pm": order.price_match,
        "cp": order.close_position,
        "pP": order.price_protect,
        "R": order.reduce_only or order.close_position,
        "tt": algo.triggered_ms,
        "gtd": order.good_till_ms,
        "rm": algo.reason,
        "ia": bool(algo.extreme),
    }
    return {"e": "ALGO_UPDATE", "T": event.time_ms, "E": event.time_ms, "o": body}


def margin_call(event: MarginCalled) -> dict[str, Any]:
    """MARGIN_CALL."""
    positions = [
        {
            "s": position.symbol,
            "ps": position.side,
            "pa": plain(position.amount),
            "mt": "ISOLATED" if isolated else "CROSSED",
            "iw": show(position.isolated_wallet),
            "mp": show(mark),
            "up": show(unrealized),
            "mm": show(maintenance),
        }
        for position, mark, unrealized, maintenance, isolated in event.positions
    ]
    return {"e": "MARGIN_CALL", "E": event.time_ms, "cw": show(event.cross_wallet), "p": positions}


def listen_key_expired(listen_key: str, now_ms: int) -> dict[str, Any]:
    """listenKeyExpired: the last event of the socket, which stays open."""
    return {"e": "listenKeyExpired", "E": now_ms, "listenKey": listen_key}
